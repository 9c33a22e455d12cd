"""A module of a user with own parts, for tests of --import."""

import importlib
import sys

import pytest

from configs import catalog

# A mapping with options of several types, and without latent_dim in its constructor.
TEXT = '''
import math

import keras

from tfgvae.mappings import MAPPINGS, Mapping


@keras.saving.register_keras_serializable("my_parts")
class LowRank(Mapping):
    """Two dense layers."""

    def __init__(self, rank: int = 4, gain: float = 1.0, steps=(1, 2), make=len, **kwargs):
        super().__init__(**kwargs)
        self.rank, self.gain = rank, gain
        size = math.prod(self.params_shape)
        self._layers_in_order = keras.Sequential(
            [
                keras.layers.Dense(rank),
                keras.layers.Dense(size),
                keras.layers.Reshape(self.params_shape),
            ]
        )

    def get_config(self):
        return {**super().get_config(), "rank": self.rank, "gain": self.gain}


MAPPINGS["low_rank"] = LowRank
'''
FLAGS = ("--import=my_parts", "--config.mapping.name=low_rank")


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """A working directory; modules imported from it, and their parts, are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    tables = [
        getattr(importlib.import_module(module), name) for module, name in catalog.TABLES.values()
    ]
    before = [dict(table) for table in tables]
    yield tmp_path
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def my_parts(own_folder):
    """The working directory with my_parts.py."""
    (own_folder / "my_parts.py").write_text(TEXT)
    return own_folder

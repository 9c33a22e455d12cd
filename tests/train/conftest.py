"""Fixtures of the tests of training."""

import pytest

from tests.train import tiny_runs
from tfgvae.layers.classifier import ClassifierNetwork


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory):
    """tiny_runs.config, which also gives a fixed q the file of a classifier of digits."""
    path = tmp_path_factory.mktemp("classifier") / "classifier.keras"
    ClassifierNetwork((8, 8, 1), tiny_runs.CLASSES, width=2, dense=(8,)).save(path)

    def config(recipe, **train):
        made = tiny_runs.config(recipe, **train)
        if made.inference.name == "classifier":
            made.inference.checkpoint = str(path)
        return made

    return config

"""Open what is not a run of this machine: a preset, or a .keras file.

`--preset` of the commands takes a preset's name, its folder, "hf://user/name", or a .keras file.
"""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import contextlib
import importlib
import pathlib

import tfgvae
from configs import base, catalog
from tfgvae import runs
from tfgvae.zoo import cards, finding
from train import configuration
from train.datasets import Datasets
from train.files import digest
from train.opened import Opened, data_folder

# The attributes of a model that hold its parts, where the names differ.
ATTRIBUTES = {"prior": "latent_prior"}
KERAS = ".keras"


@contextlib.contextmanager
def _as_value_error():
    """A missing extra is a mistake of the user, as a wrong name is."""
    try:
        yield
    except ImportError as error:
        raise ValueError(str(error)) from error


def _is_file(source):
    return source.endswith(KERAS) and pathlib.Path(source).is_file()


def name_of(source):
    """A short name for what `source` names: the preset's, or the file's without its suffix."""
    if source.endswith(KERAS):
        return pathlib.Path(source).stem
    with _as_value_error():
        return finding.open_preset(source).card["name"]


def preset_config(source):
    """The run configuration of a preset: a ConfigDict. No module is imported for it.

    Raises:
      ValueError, OSError: as tfgvae.from_preset.
    """
    with _as_value_error():
        found = finding.open_preset(source)
    stored = {key: value for key, value in found.run_config.items() if key != "imports"}
    return configuration.of_values(stored, found.folder / cards.CONFIG)[0]


def open_source(source, data_dir=None, dataset=None, binarize=None):
    """A preset or a .keras file, as `Opened`.

    Args:
      source: as the flag --preset.
      data_dir: folder of TFDS data; None: $TFDS_DATA_DIR.
      dataset: a data set instead of the preset's. A .keras file names none.
      binarize: how its pixels become 0 and 1; None: as in the preset.

    Raises:
      ValueError, OSError: an unknown preset, or a damaged or foreign file.
    """
    if _is_file(source):
        path, model = pathlib.Path(source), tfgvae.load(source)
        config = _config_of(model)
    else:
        with _as_value_error():
            found = finding.open_preset(source)
            path, model = found.folder / cards.WEIGHTS, found.model()
        config = preset_config(source)
    config.data.data_dir = data_folder(data_dir)
    if dataset is not None and dataset != config.data.name:
        fresh = base.data()
        kept = {"image_size": tuple(model.image_shape[:2]), "data_dir": config.data.data_dir}
        config.data.update({**fresh, **kept, "name": dataset})
    if binarize is not None:
        config.data.binarize = binarize
    checkpoint = {"step": int(model.train_batches), "file": path.name, "sha256": digest(path)}
    return Opened(model, config, Datasets(config), checkpoint)


def _config_of(model):
    """A configuration with the names of a model's parts."""
    config = base.get_config()
    for kind, table in zip(catalog.TABLES, _tables(), strict=True):
        part = model if kind == "model" else getattr(model, ATTRIBUTES.get(kind, kind), None)
        names = [name for name, cls in table.items() if type(part) is cls]
        config[kind].name = names[0] if names else None
    config.seed = model.seed
    return config


def _tables():
    """The tables of models and of parts, in the order of catalog.TABLES."""
    return [getattr(importlib.import_module(m), name) for m, name in catalog.TABLES.values()]


def trained(source):
    """The model of a run folder, a .keras file or a preset, for the weights of a new run.

    Raises:
      ValueError, OSError: there is none, or it is damaged.
    """
    folder = pathlib.Path(source)
    if _is_file(source) or (folder / "checkpoints").is_dir():
        return runs.load(folder)
    with _as_value_error():
        return tfgvae.from_preset(source)


def trained_config(source):
    """The configuration of the run or of the preset that `trained` gives: a ConfigDict, or None."""
    folder = pathlib.Path(source)
    if _is_file(source):
        return None
    if (folder / "checkpoints").is_dir():
        return configuration.require(folder)
    return preset_config(source)

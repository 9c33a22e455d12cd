"""Checks of a configuration that need neither TensorFlow nor the data."""

import math
import os
import pathlib

from configs import catalog

# Fields that name an entry of a table: key -> (the table's module, the table, the word for it).
NAMES = {
    "train.optimizer": ("train.optimizers", "OPTIMIZERS", "optimizer"),
    "train.schedule": ("train.optimizers", "SCHEDULES", "schedule"),
}
COUNTS = (
    "steps",
    "batch_size",
    "accumulate",
    "checkpoint_every",
    "keep",
    "log_every",
    "eval_images",
)
MOST_PICTURES = 16  # num x num images are drawn at once.


def check(config):
    """Check names, counts and the data set of a configuration.

    Raises:
      ValueError, FileNotFoundError: a bad value.
    """
    for key, (module, table, kind) in NAMES.items():
        section, field = key.split(".")
        catalog.check_name(catalog.names(module, table), config[section][field], kind)
    check_precision(config.precision)
    check_noise(config.data.binarize, config.data.augment)
    _check_counts(config)
    check_sizes(config)
    check_numbers(config.train)
    check_selection(config.train)
    check_dataset(config.data.name, config.data.data_dir)


def check_precision(name):
    """Check the name of a precision.

    Raises:
      ValueError: an unknown name.
    """
    known = catalog.constant("train.precision", "PRECISIONS")
    if name not in known:
        raise ValueError(f"precision must be one of {', '.join(known)}, got {name!r}")


def check_noise(binarize, augment):
    """Check the names of tfgvae.data.Noise, with its errors.

    Raises:
      ValueError: an unknown name.
    """
    binarizations = catalog.constant("tfgvae.data.noise", "BINARIZATIONS")
    augmentations = catalog.names("tfgvae.data.noise", "AUGMENTATIONS")
    for name, value, known in (
        ("binarize", binarize, binarizations),
        ("augment", augment, augmentations),
    ):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def _check_counts(config):
    num, train = config.pictures.num, config.train
    if not 0 <= num <= MOST_PICTURES:
        raise ValueError(
            f"pictures.num must be 0 to {MOST_PICTURES} (num x num images are drawn at once), "
            f"got {num}"
        )
    if config.pictures.gibbs_steps < 1:
        raise ValueError(f"pictures.gibbs_steps must be >= 1, got {config.pictures.gibbs_steps}")
    for name in COUNTS:
        if train[name] < 1:
            raise ValueError(f"train.{name} must be >= 1, got {train[name]}")
    if train.batch_size % train.accumulate:
        raise ValueError(
            f"train.batch_size must be a multiple of train.accumulate = {train.accumulate}, got "
            f"{train.batch_size}"
        )
    if train.warmup_steps < 0:
        raise ValueError(f"warmup_steps must be >= 0, got {train.warmup_steps}")
    if train.schedule == "cosine" and train.warmup_steps >= train.steps:
        raise ValueError(f"warmup_steps must be < steps = {train.steps}, got {train.warmup_steps}")


def check_sizes(config):
    """Check the sizes of the parts, of the images and of a batch, with the bounds of the classes.

    Raises:
      ValueError: a size above tfgvae.checks.MOST.
    """
    most = catalog.constant("tfgvae.checks", "MOST")
    for section in (*catalog.TABLES, "data", "train", "pictures"):
        for name, value in config[section].items():
            if name in most:
                _check_size(f"{section}.{name}", value, most[name])


def _check_size(name, value, most):
    values = value if isinstance(value, (tuple, list)) else (value,)
    # The classes check types.
    if any(isinstance(number, (int, float)) and number > most for number in values):
        raise ValueError(f"{name} must be at most {most}, got {value}")


def check_integer(name, value, least, most=2**63 - 1):
    """Check an integer, with the errors of tfgvae.checks.

    Raises:
      ValueError: a value of another type, or out of its range.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be an integer >= {least}, got {value!r}")
    if value > most:
        raise ValueError(f"{name} must be at most {most}, got {value}")


def check_learning_rate(value):
    """Check that a learning rate is finite and > 0, with a ValueError."""
    if not 0 < value < math.inf:  # NaN is not.
        raise ValueError(f"learning_rate must be finite and > 0, got {value}")


def check_numbers(train):
    """Check the real numbers of a `train` section; those at None are not set.

    Raises:
      ValueError: a number out of its range, NaN or infinite.
    """
    check_learning_rate(train.learning_rate)
    clip_norm, decay, momentum = train.clip_norm, train.weight_decay, train.ema_momentum
    if clip_norm is not None and not 0 < clip_norm < math.inf:
        raise ValueError(f"clip_norm must be finite and > 0, got {clip_norm}")
    if decay is not None and not 0 <= decay < math.inf:
        raise ValueError(f"weight_decay must be finite and >= 0, got {decay}")
    if momentum is not None and not 0 < momentum < 1:
        raise ValueError(f"ema_momentum must be > 0 and < 1, got {momentum}")


def check_selection(train):
    """Check train.validation and train.select.

    Raises:
      ValueError: a share out of range, an unknown name, or "best" without validation images.
    """
    if not 0 <= train.validation <= 0.5:  # NaN is not.
        raise ValueError(f"train.validation must be from 0 to 0.5, got {train.validation}")
    known = catalog.constant("train.selection", "SELECT")
    if train.select not in known:
        raise ValueError(f"train.select must be one of {', '.join(known)}, got {train.select!r}")
    if train.select == "best" and not train.validation:
        raise ValueError(
            "train.select = 'best' needs images that are neither trained on nor tested on: set "
            "aside a share of the training data, such as --config.train.validation=0.1"
        )


def check_dataset(name, data_dir=None):
    """Check that a data set with this name can exist.

    Raises:
      ValueError: no such name.
      FileNotFoundError: no such folder.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"name must be the name of a data set, got {name!r}")
    sources = catalog.names("tfgvae.data.split", "SOURCES")
    source, _, argument = name.partition(":")
    if source == "folder" and not (argument and pathlib.Path(argument).expanduser().is_dir()):
        raise FileNotFoundError(f"folder:PATH must name a folder, got {argument!r}")
    if source in ("npz", "npy") and not (
        argument and pathlib.Path(argument).expanduser().is_file()
    ):
        raise FileNotFoundError(f"npz:PATH must name a file of numpy arrays, got {argument!r}")
    if source == "digits" and argument:
        raise ValueError(f"digits takes no argument, got {name!r}")
    if source not in sources and not _may_be_prepared(source, data_dir):
        import tensorflow_datasets as tfds  # It does not import TensorFlow.

        if source.split("/")[0] not in tfds.list_builders(with_community_datasets=False):
            raise ValueError(
                f"unknown data set {name!r}; known: digits, folder:PATH, npz:PATH, the names of "
                f"tensorflow_datasets, and the sets prepared in {_place(data_dir)}"
            )


def _place(data_dir):
    default = os.environ.get("TFDS_DATA_DIR") or os.path.join("~", "tensorflow_datasets")
    return str(data_dir or default)


def _may_be_prepared(name, data_dir):
    place = _place(data_dir)
    # Only TFDS can look into a bucket.
    return "://" in place or pathlib.Path(place, name).expanduser().is_dir()

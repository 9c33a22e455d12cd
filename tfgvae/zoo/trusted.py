"""Build a model from a configuration of a file that nobody has looked at.

Only classes of tfgvae, or classes that the user's program has put into its tables, are made. No
name is imported, no code is run and no other file is read.
"""

from typing import Any

import keras

from tfgvae import (
    corruptions,
    families,
    inference,
    mappings,
    objectives,
    priors,
    regularizers,
    weights,
)
from tfgvae.messages import reason
from tfgvae.models import MODELS, LatentVariableModel
from tfgvae.types import Model

TABLES = (
    MODELS,
    families.FAMILIES,
    mappings.MAPPINGS,
    inference.INFERENCE,
    priors.PRIORS,
    regularizers.REGULARIZERS,
    corruptions.CORRUPTIONS,
    objectives.OBJECTIVES,
)


def model(config: Any, where: str) -> Model:
    """The model of a configuration, with new weights.

    Args:
      config: what keras.saving.serialize_keras_object gives for a model.
      where: the file, for errors.

    Raises:
      ValueError: a class that is not ours, a model that is none of ours, impossible sizes, or a
        configuration of another structure.
    """
    try:
        check(config)
        with weights.limited():
            made = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except RecursionError as error:
        raise ValueError(f"{where} is nested too deeply") from error
    except Exception as error:  # A foreign configuration can raise anything.
        raise ValueError(f"{where} does not describe a model: {reason(error)}") from error
    if not isinstance(made, LatentVariableModel):
        raise ValueError(f"{where} must describe a model of tfgvae, got a {type(made).__name__}")
    return made


def check(config: Any) -> None:
    """Check every class that a configuration names.

    Raises:
      ValueError: one that is not ours, or a part that would be read from another file.
    """
    if isinstance(config, (list, tuple)):
        for value in config:
            check(value)
    if not isinstance(config, dict):
        return
    if "class_name" in config or "registered_name" in config:
        _check_class(config)
    if config.get("checkpoint") is not None:
        raise ValueError(f"a preset reads no other file, got checkpoint = {config['checkpoint']!r}")
    for value in config.values():
        check(value)


def _check_class(config):
    module, name = config.get("module"), config.get("class_name")
    registered = config.get("registered_name")
    if (module, name, registered) == ("keras", "DTypePolicy", None):
        return
    cls = keras.saving.get_registered_object(registered) if isinstance(registered, str) else None
    if not isinstance(cls, type) or not _is_ours(cls):
        shown = registered or f"{module}.{name}"
        raise ValueError(
            f"{shown!r} is not a class of tfgvae. If it is a part of your own, import its module "
            "first"
        )
    if not isinstance(config.get("config"), dict):
        raise ValueError(f"the config of {registered!r} must be a JSON object")
    # Keras takes these names for objects of other kinds.
    if name != cls.__name__ or "spec_name" in config:
        raise ValueError(f"the class of {registered!r} is {cls.__name__}, got {name!r}")


def _is_ours(cls):
    if cls.__module__.partition(".")[0] == "tfgvae" and issubclass(cls, keras.layers.Layer):
        return True
    return any(cls in table.values() for table in TABLES)

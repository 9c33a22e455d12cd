"""A model that was trained in a mixed precision, computing in float32."""

import keras

from tfgvae.types import Model


def in_float32(model: Model) -> Model:
    """The model, if none of its layers has a mixed policy; else its copy with float32 policies.

    Under a mixed policy weights are float32 and only the computations of a network are in half
    precision, so the copy has the same weights.
    """
    saved = keras.saving.serialize_keras_object(model)
    config = _without_mixed(saved)
    if config == saved:
        return model
    copy = keras.saving.deserialize_keras_object(config)
    copy.set_weights(model.get_weights())
    return copy


def _without_mixed(config):
    """A Keras configuration with the policy float32 where it has a mixed one."""
    if isinstance(config, dict):
        name = config.get("config", {}).get("name", "") if _is_policy(config) else ""
        if str(name).startswith("mixed_"):
            return {**config, "config": {**config["config"], "name": "float32"}}
        return {key: _without_mixed(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(_without_mixed(value) for value in config)
    return "float32" if isinstance(config, str) and config.startswith("mixed_") else config


def _is_policy(config):
    return config.get("class_name") == "DTypePolicy" and isinstance(config.get("config"), dict)

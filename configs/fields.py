"""The fields of a configuration by their keys, "train.steps" and so on."""

from configs import base


def flat(config, prefix=""):
    """{"train.steps": 100, ...} of a ConfigDict or of nested dicts."""
    found = {}
    for key in config:
        if hasattr(config[key], "keys"):
            found |= flat(config[key], f"{prefix}{key}.")
        else:
            found[prefix + key] = config[key]
    return found


def typed(values):
    """A configuration with the types of configs.base.

    Args:
      values: {key: value}; a missing key has the value of base.
    """
    config = base.get_config()
    config.update_from_flattened_dict(values)
    return config

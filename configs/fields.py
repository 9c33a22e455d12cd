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
    """A configuration, typed as configs.base has it.

    Args:
      values: {key: value}; a key that is not there is None, or base's where base has a value.
    """
    config = base.get_config()
    config.update_from_flattened_dict(values)
    return config

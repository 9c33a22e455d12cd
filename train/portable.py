"""A configuration as others may see it: without the paths of this machine."""

import pathlib


def portable(config):
    """config.json of a run with names instead of paths.

    Args:
      config: nested dicts.

    Returns:
      The same dicts. Folders of data, and the file of a fixed q, have their last name only.
    """
    data = dict(config["data"])
    data.pop("data_dir", None)
    kind, colon, path = data["name"].partition(":")
    data["name"] = kind + colon + pathlib.PurePath(path).name if colon else kind
    config = {**config, "data": data}
    inference = config.get("inference", {})
    if inference.get("checkpoint"):
        name = pathlib.PurePath(inference["checkpoint"]).name
        config["inference"] = {**inference, "checkpoint": name}
    return config

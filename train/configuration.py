"""The configuration of a run: the fields that the user sets, and the run folder's values.

A run folder's config.json holds every value, including the defaults of classes, so that a resumed
run does not change when a default does. Fields that the user does not set keep the folder's values.
"""

import dataclasses
import fnmatch
import json
import pathlib

from ml_collections import ConfigDict

import configs
from configs import base, catalog
from configs.check import check
from configs.fields import flat, typed
from configs.resolve import COUNTS, fill, replace, shorten
from train.errors import SetupError
from train.files import check_name, read_json

# Fields that may change when a run goes on: they do not change the steps that are already done.
FREE = (
    "data.data_dir",  # The place of the data, for example on another machine.
    "data.download",
    "pictures.*",  # Pictures use seeds of their own.
    "recipe",  # A name; another recipe than the folder's has its own error.
    "train.checkpoint_every",  # When validation, pictures and a checkpoint happen.
    "train.eval_images",  # The number of test images behind a row "validation".
    "train.keep",
    "train.log_every",
    # It may be larger, or smaller if not below the steps already done. With a schedule that ends at
    # the last step the learning rate changes; train.beginning has a line about it.
    "train.steps",
)


@dataclasses.dataclass(frozen=True)
class Settled:
    """The configuration that a run uses.

    Attributes:
      config: ConfigDict, resolved except for the values that come from the data.
      stored: ConfigDict of the run in the folder. None if there is no run, or if its whole
        configuration is overwritten.
      lines: messages for the user.
    """

    config: ConfigDict
    stored: ConfigDict | None
    lines: list


def bring_in(modules, where):
    """Import the modules of the user's own parts; see tfgvae.registry.bring_in.

    Raises:
      ValueError: no list of names, a missing module, or one that fails; the message has `where`.
    """
    if not modules:
        return  # Without TensorFlow.
    import train.start  # noqa: F401 (before TensorFlow)
    from tfgvae import registry

    registry.bring_in(modules, where)


def as_json(config):
    """A ConfigDict as config.json has it: plain dicts, tuples as lists.

    Arguments of a component that are not set (those of other components) are left out.
    """
    values = json.loads(json.dumps(config.to_dict()))
    for kind in catalog.TABLES:
        section = values[kind]
        values[kind] = {k: v for k, v in section.items() if k == "name" or v is not None}
    return values


def read(folder):
    """The configuration in a run folder, or None if there is none; imports the run's modules.

    Returns:
      (ConfigDict, {key: value} of the fields that do not exist in this version).

    Raises:
      ValueError: config.json is not JSON, or not the configuration of a run, or a module that it
        names cannot be imported.
    """
    path = pathlib.Path(folder) / "config.json"
    stored = read_json(path)
    if stored is None:
        return None
    if not isinstance(stored, dict):
        raise ValueError(f"{path} must be the configuration of a run, a JSON object")
    bring_in(stored.get("imports"), path)  # Their classes have fields.
    return of_values(stored, path)


def of_values(stored, path):
    """The configuration that a file holds.

    Args:
      stored: the content of config.json, a dict.
      path: the file, for errors.

    Returns:
      (ConfigDict, {key: value} of the fields that do not exist in this version).

    Raises:
      ValueError: it is not the configuration of a run.
    """
    values = flat(stored)
    known = flat(base.get_config())
    unknown = {k: v for k, v in values.items() if k not in known and v is not None}
    for key in unknown:
        if any(k.startswith(f"{key}.") or key.startswith(f"{k}.") for k in known):
            raise ValueError(f"{path}: {key} does not have the structure of a configuration")
    try:
        return typed({key: value for key, value in values.items() if key in known}), unknown
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is not the configuration of a run: {error}") from error


def require(folder):
    """The configuration of the run in a folder: a ConfigDict.

    Raises:
      FileNotFoundError: no such folder, or no run in it.
      ValueError: config.json is not JSON, or a module that it names cannot be imported.
    """
    folder = pathlib.Path(folder)
    check_name("the run folder", folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}")
    held = read(folder)
    if held is None:
        raise FileNotFoundError(f"{folder} is not a run folder: it has no config.json")
    return held[0]


def differences(old, new):
    """Lines "key: old -> new" for the fields in which two configurations differ.

    A missing field is the same as a field at None.
    """
    old, new = flat(old), flat(new)
    return [
        f"{key}: {json.dumps(old.get(key))} -> {json.dumps(new.get(key))}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def settle(config, folder, given=None, overwrite=False):
    """The configuration that a run in `folder` uses.

    Args:
      config: ConfigDict as configs.get_config makes it, with the user's values.
      folder: the run folder. It may hold a run already.
      given: the keys that the user set. None: those whose values differ from the recipe's; if the
        folder holds a run, all that are not None.
      overwrite: go on although the configuration differs.

    Returns:
      Settled.

    Raises:
      SetupError: the folder holds a run of another recipe or of another configuration.
      ValueError, FileNotFoundError: bad values.
    """
    bring_in(config.get("imports"), "the configuration's field imports")
    check_name("the run folder", folder)
    held = read(folder)
    unknown = sorted(flat(config).keys() - flat(base.get_config()).keys())
    if unknown:
        raise ValueError(f"a configuration has no field {', '.join(unknown)}")
    recipe = recipe_of(config)
    explicit = changed(config) if given is None else set(given)
    config, lines = _adapt(config, explicit, recipe)
    if held is None or (overwrite and _another(held[0], config)):
        config = fill(config)
        check(config)
        return Settled(config, None, lines)
    stored, forgotten = held
    if _another(stored, config):
        raise SetupError(
            f"{folder} holds a run of --model={stored.recipe}, got --model={config.recipe}. Give "
            "another --workdir, or --overwrite_config to go on with the other model."
        )
    if given is None or (stored.recipe is None and config.recipe is not None):
        # The folder, not the recipe, has the lengths of this run's warm-ups.
        explicit |= {k for k, v in flat(config).items() if v is not None and k not in COUNTS}
    stored = fill(stored)
    wanted = {**flat(stored), **{key: flat(config)[key] for key in explicit}}
    wanted["recipe"] = stored.recipe or config.recipe
    config, lines = replace(typed(wanted), explicit, stored)
    config = fill(config)
    if not overwrite:
        _compare(folder, {**flat(as_json(stored)), **forgotten}, flat(as_json(config)), explicit)
    check(config)
    return Settled(config, stored, lines)


def recipe_of(config):
    """The configuration of a configuration's recipe; base if it has none."""
    return base.get_config() if config.recipe is None else configs.get_config(config.recipe)


def changed(config):
    """Keys of the fields that are set and differ from the recipe."""
    ours = flat(recipe_of(config))
    return {k for k, v in flat(config).items() if v is not None and v != ours[k]}


def _adapt(config, given, recipe):
    config, replaced = replace(config, given, recipe)
    config, shortened = shorten(config, given, recipe)
    return config, replaced + shortened


def _another(stored, config):
    return None not in (stored.recipe, config.recipe) and stored.recipe != config.recipe


def _compare(folder, old, new, given):
    """Raise SetupError where two flat configurations differ in a field that is not FREE."""
    changed = [
        f"{key}: {line}"
        for key, _, line in (line.partition(": ") for line in differences(old, new))
        if not any(fnmatch.fnmatchcase(key, free) for free in FREE)
        and not _follows(key, old, new, given)
    ]
    if changed:
        raise SetupError(
            f"{folder} holds a run with another configuration:\n  "
            + "\n  ".join(changed)
            + "\nGive another --workdir, or --overwrite_config to go on with the new one."
        )


def _follows(key, old, new, given):
    """Whether a field differs only because another part was chosen."""
    name = key.partition(".")[0] + ".name"
    return key != name and key not in given and old.get(name) != new.get(name)

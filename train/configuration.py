"""The configuration of a run: what the user sets, on top of what the run's folder says.

A folder's config.json holds every value, the defaults of classes too: a resumed run does not change
when a default does. Fields that the user does not set are the folder's.
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
from train.files import read_json

# Fields that a run may go on with other values of: all that it did so far would have been the same.
FREE = (
    "data.data_dir",  # Where the data is, on another machine say.
    "data.download",
    "pictures.*",  # Pictures are drawn of the model, and draw from no seed of its training.
    "recipe",  # A name; another recipe than the folder's is an error of its own.
    "train.checkpoint_every",  # When there is validation, pictures and a checkpoint.
    "train.eval_images",  # How many test images a row "validation" is of.
    "train.keep",
    "train.log_every",
    # More steps, or fewer, but not fewer than are done. Under a schedule that falls to 0 at the end
    # a longer run would have had another learning rate: train.loop says so.
    "train.steps",
)


@dataclasses.dataclass(frozen=True)
class Settled:
    """What a run goes by.

    Attributes:
      config: ConfigDict, resolved but for what is found from the data.
      stored: ConfigDict of the run that is in the folder, or None where there is none, or where
        the whole of its configuration is overwritten.
      lines: what the user should know of it.
    """

    config: ConfigDict
    stored: ConfigDict | None
    lines: list


def as_json(config):
    """A ConfigDict as config.json has it: plain dicts, tuples as lists, without what is unset.

    The arguments of components that are not chosen are left out.
    """
    values = json.loads(json.dumps(config.to_dict()))
    for kind in catalog.TABLES:
        section = values[kind]
        values[kind] = {k: v for k, v in section.items() if k == "name" or v is not None}
    return values


def read(folder):
    """The configuration that a run folder holds, or None when it holds none.

    Returns:
      (ConfigDict, {key: value} of the fields that this version does not know).

    Raises:
      ValueError: config.json is not JSON.
    """
    stored = read_json(pathlib.Path(folder) / "config.json")
    if stored is None:
        return None
    values = flat(stored)
    known = flat(base.get_config())
    return (
        typed({key: value for key, value in values.items() if key in known}),
        {key: value for key, value in values.items() if key not in known and value is not None},
    )


def require(folder):
    """The configuration of the run in a folder: a ConfigDict.

    Raises:
      FileNotFoundError: no such folder, or no run in it.
      ValueError: config.json is not JSON.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}")
    held = read(folder)
    if held is None:
        raise FileNotFoundError(f"{folder} is not a run folder: it has no config.json")
    return held[0]


def differences(old, new):
    """Lines "key: old -> new" for the fields in which two configurations differ.

    A field that one side does not have is the same as a field at None.
    """
    old, new = flat(old), flat(new)
    return [
        f"{key}: {json.dumps(old.get(key))} -> {json.dumps(new.get(key))}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def settle(config, folder, given=None, overwrite=False):
    """The configuration that a run in `folder` goes by.

    Args:
      config: ConfigDict as configs.get_config makes it, with what the user set in it.
      folder: the run folder, where there may be a run already.
      given: the keys that the user set. None: those that are not as the recipe has them; on a
        folder with a run in it, all that are not None.
      overwrite: go on where the configuration differs.

    Returns:
      Settled.

    Raises:
      SetupError: the folder holds a run of another recipe or of another configuration.
      ValueError, FileNotFoundError: values that make no run.
    """
    unknown = sorted(flat(config).keys() - flat(base.get_config()).keys())
    if unknown:
        raise ValueError(f"a configuration has no field {', '.join(unknown)}")
    recipe = base.get_config() if config.recipe is None else configs.get_config(config.recipe)
    explicit = _changed(config, recipe) if given is None else set(given)
    config, lines = _adapt(config, explicit, recipe)
    held = read(folder)
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
        # Of a recipe's warm-ups the folder knows how long they are in this run.
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


def _changed(config, recipe):
    """Keys of the fields that have another value than in the recipe, and have one."""
    ours = flat(recipe)
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

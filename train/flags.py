"""The flags of `python -m train.run`: their definition and their errors."""

import dataclasses
import os
import pathlib
import re

from absl import flags
from ml_collections import ConfigDict, config_flags

import configs
from configs import catalog
from train import configuration
from train.argv import modules_of, value_of
from train.errors import SetupError
from train.workers.cluster import LONGEST_WAIT, WAIT

STRATEGIES = catalog.names("train.strategies", "STRATEGIES")
RECIPES = "\n".join(f"  {name:11} {line}" for name, line in configs.RECIPES.items())

# flag -> the field of the configuration that it sets
SHORTCUTS = {
    "dataset": "data.name",
    "data_dir": "data.data_dir",
    "steps": "train.steps",
    "batch_size": "train.batch_size",
    "seed": "seed",
    "init_from": "init_from",
}
# Fields that --config.KEY does not set -> what does.
NO_FLAG = {
    "recipe": "--model",
    "imports": "--import",
    "init_from": "--init_from",
    "prior_fit": "python -m train.fit_prior",
}


def fields(config, prefix=""):
    """[(key, type name, value)] of every field that a flag sets; nested keys are joined by dots."""
    found = []
    for key in config:
        if prefix + key in NO_FLAG:
            continue
        if hasattr(config[key], "get_type"):
            found += fields(config[key], f"{prefix}{key}.")
        else:
            kind = config.get_type(key)
            # `object` takes any Python literal.
            name = "literal" if kind is object else kind.__name__
            found.append((prefix + key, name, config[key]))
    return found


def given_keys(argv, config):
    """The keys of the fields that --config.KEY flags set.

    Raises:
      SetupError: `config` does not have one of them; the message lists the fields it has.
    """
    given = set()
    for argument in argv:
        flag = argument.lstrip("-").partition("=")[0]
        if not argument.startswith("-") or not flag.startswith(("config.", "noconfig.")):
            continue
        section, known = config, "config"
        for part in flag.split(".")[1:]:
            if not hasattr(section, "get_type") or part not in section:
                raise SetupError(
                    f"unknown --{flag}: {known} has no {part!r}; it has: "
                    + ", ".join(section if hasattr(section, "get_type") else ["no fields"])
                )
            section, known = section[part], f"{known}.{part}"
        key = flag.partition(".")[2]
        if key in NO_FLAG:
            raise SetupError(f"--{flag} is set by {NO_FLAG[key]}")
        given.add(key)
    return given


def _define(config, argv):
    own = flags.FlagValues()
    for name in ("model", "dataset", "data_dir", "workdir", "init_from"):
        flags.DEFINE_string(name, None, name, flag_values=own)
    for name in ("steps", "batch_size", "seed"):
        flags.DEFINE_integer(name, None, name, flag_values=own)
    flags.DEFINE_multi_string("import", [], "import", flag_values=own)
    flags.DEFINE_string("strategy", "auto", "strategy", flag_values=own)
    flags.DEFINE_float("wait_for_workers", WAIT, "wait", flag_values=own)
    for name in ("overwrite_config", "debug"):
        flags.DEFINE_bool(name, False, name, flag_values=own)
    config_flags.DEFINE_config_dict("config", config, flag_values=own, sys_argv=argv)
    return own


@dataclasses.dataclass(frozen=True)
class Command:
    """A command line.

    Attributes:
      config: ConfigDict, the recipe's with the values of the flags.
      given: the keys of the fields that flags set.
      folder: the run folder, a pathlib.Path.
      strategy: a name in train.strategies.
      overwrite_config: go on although the folder's configuration differs.
      wait: seconds to wait for the other workers, with the strategy "multiworker".
    """

    config: ConfigDict
    given: frozenset
    folder: pathlib.Path
    strategy: str
    overwrite_config: bool
    wait: float


def default_workdir(recipe, dataset):
    """runs/MODEL-DATASET, without characters that are unusual in file names."""
    return pathlib.Path("runs") / f"{recipe}-{re.sub(r'[^A-Za-z0-9._-]+', '_', dataset)}"


def _recipe(argv):
    """The configuration that the flags change: that of --model, else of the run in --workdir."""
    name, workdir = value_of(argv, "model"), value_of(argv, "workdir")
    held = workdir and configuration.read(workdir)
    if name:
        return configs.get_config(name)
    source = value_of(argv, "init_from")
    if not held and source:
        return _of_source(source)
    if not held:
        missing = f"{workdir} holds no run to resume, and " if workdir else ""
        raise SetupError(f"{missing}--model is required; models:\n{RECIPES}")
    return configuration.recipe_of(held[0])


def _inherited(argv, config):
    """The keys of the values that a configuration of --init_from has beside its recipe's."""
    if value_of(argv, "model") or not value_of(argv, "init_from"):
        return set()
    return configuration.changed(config)


def _of_source(source):
    """The configuration of the preset or of the run that a new run starts from."""
    from train.sources import trained_config  # This imports TensorFlow.

    found = trained_config(source)
    if found is None:
        raise SetupError(f"{source} has no configuration: give --model, too; models:\n{RECIPES}")
    found.prior_fit = None  # This run fits no prior; that of the weights stays as it is.
    return found


def _absolute(source):
    """A source of weights whose path does not depend on the working directory."""
    is_path = os.sep in source and "://" not in source and os.path.exists(source)
    return os.path.abspath(source) if is_path else source


def _check_wait(own):
    if not 0 <= own.wait_for_workers <= LONGEST_WAIT:  # nan, too.
        raise SetupError(
            f"--wait_for_workers must be from 0 to {LONGEST_WAIT:g} seconds, got "
            f"{own.wait_for_workers:g}"
        )
    if own["wait_for_workers"].present and own.strategy != "multiworker":
        raise SetupError("--wait_for_workers belongs to --strategy=multiworker")


def parse(argv):
    """Parse a command line.

    Args:
      argv: sys.argv: the program's name comes first.

    Returns:
      Command.

    Raises:
      SetupError: an unknown flag, model or key, or a value of a wrong type.
    """
    try:
        modules = modules_of(argv)
        configuration.bring_in(modules, "--import")  # Their classes have flags.
        config = _recipe(argv)
        given = given_keys(argv, config) | _inherited(argv, config)
        own = _define(config, argv)
        extra = own(argv)[1:]
        catalog.check_name(STRATEGIES, own.strategy, "strategy")
        _check_wait(own)
    except (flags.Error, ValueError, TypeError, OSError) as error:
        raise SetupError(str(error)) from error
    if extra:
        raise SetupError(f"unexpected arguments: {' '.join(extra)}; flags start with --")
    if modules:
        config.imports = modules
        given.add("imports")
    for flag, key in SHORTCUTS.items():
        if own[flag].value is not None:
            value = _absolute(own[flag].value) if flag == "init_from" else own[flag].value
            config.update_from_flattened_dict({key: value})
            given.add(key)
    folder = own.workdir or default_workdir(config.recipe, config.data.name)
    return Command(
        config,
        frozenset(given),
        pathlib.Path(folder),
        own.strategy,
        own.overwrite_config,
        own.wait_for_workers,
    )

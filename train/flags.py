"""The flags of `python -m train.run`: their definition, their help, their errors."""

import dataclasses
import os
import pathlib
import re

from absl import flags
from ml_collections import ConfigDict, config_flags

import configs
from configs import catalog
from configs.resolve import fill
from train import configuration
from train.errors import SetupError, as_setup_error
from train.workers.cluster import WAIT

STRATEGIES = catalog.names("train.strategies", "STRATEGIES")
RECIPES = "\n".join(f"  {name:11} {line}" for name, line in configs.RECIPES.items())

HELP = """Train a model, or resume a run that was interrupted.

  python -m train.run --model=NAME [--dataset=NAME] [--workdir=DIR] [--config.KEY=VALUE ...]

Models:
{recipes}

Parts that a model may be put together from:
{components}

Flags:
  --model=NAME         what to train: one of the above. Not needed to resume the run in --workdir
  --dataset=NAME       digits (embedded, the default of most models), a TFDS name (mnist, cifar10,
                       lsun/bedroom, ...), folder:PATH, a folder of image files, or npz:PATH, a
                       file of numpy arrays
  --data_dir=DIR       where prepared TFDS data is
  --workdir=DIR        the run folder; default runs/MODEL-DATASET. If it holds a run, the run is
                       resumed from its last checkpoint, with its own configuration
  --init_from=NAME     start from the weights of a preset (a name, a folder, hf://user/name), a run
                       folder or a .keras file. Without --model, also with its configuration
  --steps=N            training steps; with a larger number a finished run goes on
  --batch_size=N       images per step, over all devices
  --seed=N             of weights, data order and noise; the same seed gives the same result
  --strategy=NAME      {strategies}; auto uses all GPUs if there are several.
                       multiworker: this command runs on every worker of TF_CONFIG, with its own
                       index there and a --workdir that all workers share
  --wait_for_workers=S with multiworker: how many seconds to wait for the other workers
  --import=MODULE      a module with your own parts, or several, separated by commas. config.json
                       has their names, so a resumed run needs no --import
  --overwrite_config   go on in a folder whose configuration differs
  --debug              show Python's traceback with an error
  --config.KEY=VALUE   set any field of the configuration (listed below)

Examples:
  python -m train.run --model=seqvae
  python -m train.run --workdir=runs/seqvae-digits --steps=3000
  python -m train.run --model=vae --dataset=mnist --config.data.download
  python -m train.run --model=vae --dataset=mnist --config.data.binarize=dynamic
  python -m train.run --model=gvae --config.regularizer.name=mmd --config.regularizer.weight=10
  python -m train.run --model=vae --config.family.name=gaussian --config.family.learned=global

Rows "validation" of the metrics use the first --config.train.eval_images of the test split. To
select models, set --config.train.validation=0.1: a tenth of the training data gives these rows
instead. With --config.train.select=best, the run gives its best checkpoint by them. CPU runs
repeat bit for bit; GPU runs need --config.train.deterministic_ops, whose cost there was not
measured.

After Ctrl-C, SIGTERM or SIGHUP the run saves a checkpoint, then stops. The run folder holds
config.json, metrics.jsonl, samples/ (pictures), checkpoints/ and tensorboard/.

If you choose another part than the recipe's, the options of the recipe's part are dropped. Warm-ups
of a recipe that are longer than --steps are shortened.
"""

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


def values_of(argv, name):
    """The values of flag `name` in argv ("--name=value" or "--name value"), in order."""
    values = []
    for i, argument in enumerate(argv):
        flag, equals, rest = argument.lstrip("-").partition("=")
        if argument.startswith("-") and flag == name:
            values += [rest] if equals else argv[i + 1 : i + 2]
    return values


def value_of(argv, name):
    """The last value of flag `name` in argv, or None."""
    return (values_of(argv, name) or [None])[-1]


def modules_of(argv):
    """The modules of all flags --import, which may separate them by commas, each once."""
    return tuple(dict.fromkeys(name for v in values_of(argv, "import") for name in v.split(",")))


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


def help_text(argv):
    """The text of --help; the values of the configuration are those of --model, if given.

    Raises:
      SetupError: a module of --import cannot be imported.
    """
    with as_setup_error():
        configuration.bring_in(modules_of(argv), "--import")
        components = {kind: " | ".join(sorted(catalog.table(kind))) for kind in catalog.TABLES}
    recipe = value_of(argv, "model")
    recipe = recipe if recipe in configs.RECIPES else "vae"
    lines = [f"Configuration, with the values of --model={recipe}"]
    lines.append("(None: found from the data, or not an argument of the chosen part):")
    for key, kind, value in fields(fill(configs.get_config(recipe))):
        lines.append(f"  --config.{key} ({kind}) = {value}")
    shown = HELP.format(
        recipes=RECIPES,
        components="\n".join(f"  {f'--config.{k}.name':26} {v}" for k, v in components.items()),
        strategies=" | ".join(STRATEGIES),
    )
    return shown + "\n" + "\n".join(lines)


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
    flags.DEFINE_float("wait_for_workers", WAIT, "wait", lower_bound=0.0, flag_values=own)
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
    return found


def _absolute(source):
    """A source of weights whose path does not depend on the working directory."""
    is_path = os.sep in source and "://" not in source and os.path.exists(source)
    return os.path.abspath(source) if is_path else source


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

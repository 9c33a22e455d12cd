"""The flags of `python -m train.run`: their definition, their help, their errors."""

from absl import flags
from ml_collections import config_flags

import configs
from tfgvae.families import FAMILIES
from tfgvae.inference import INFERENCE
from tfgvae.mappings import MAPPINGS
from tfgvae.models import MODELS
from tfgvae.regularizers import REGULARIZERS
from train.errors import SetupError
from train.strategies import STRATEGIES

TABLES = {
    "model": MODELS,
    "family": FAMILIES,
    "mapping": MAPPINGS,
    "inference": INFERENCE,
    "regularizer": REGULARIZERS,
}
COMPONENTS = "\n".join(
    f"  {f'--config.{kind}.name':26} {' | '.join(sorted(table))}" for kind, table in TABLES.items()
)
RECIPES = "\n".join(f"  {name:8} {line}" for name, line in configs.RECIPES.items())

HELP = f"""Train a model, or resume a run that was interrupted.

  python -m train.run --model=NAME [--dataset=NAME] [--workdir=DIR] [--config.KEY=VALUE ...]

Models:
{RECIPES}

Parts that a model may be put together from:
{COMPONENTS}

Flags:
  --model=NAME         what to train: one of the above (required)
  --dataset=NAME       digits (embedded, the default of most models), a TFDS name (mnist, cifar10,
                       lsun/bedroom, ...), or folder:PATH, a folder of image files
  --data_dir=DIR       where prepared TFDS data is
  --workdir=DIR        the run folder; default runs/MODEL-DATASET. Given a folder with a run in it,
                       the run is resumed from its last checkpoint
  --steps=N            training steps
  --batch_size=N       images a step, over all devices
  --seed=N             of weights, data order and noise: one seed, one result
  --strategy=NAME      {" | ".join(STRATEGIES)}; auto takes all GPUs when there are several
  --overwrite_config   go on in a folder whose configuration differs
  --debug              show Python's traceback with an error
  --config.KEY=VALUE   set any field of the configuration (listed below)

Examples:
  python -m train.run --model=seqvae
  python -m train.run --model=vae --dataset=mnist --config.data.download
  python -m train.run --model=vae --dataset=mnist --config.data.binarize=dynamic
  python -m train.run --model=gvae --config.regularizer.name=mmd --config.regularizer.weight=10
  python -m train.run --model=vae --config.family.name=gaussian --config.family.learned=global

Rows "validation" of the metrics are of the first --config.train.eval_images of the test split: to
select models, train on --config.data.train_split="train[:90%]" and let
--config.data.test_split="train[90%:]". CPU runs repeat bit for bit; GPU runs need
--config.train.deterministic_ops, whose cost there was not measured.

Stopped by Ctrl-C or SIGTERM it saves a checkpoint first. The run folder holds config.json,
metrics.jsonl, samples/ (pictures), checkpoints/ and tensorboard/.
"""

# flag -> the field of the configuration that it sets
SHORTCUTS = {
    "dataset": "data.name",
    "data_dir": "data.data_dir",
    "steps": "train.steps",
    "batch_size": "train.batch_size",
    "seed": "seed",
}


def value_of(argv, name):
    """The last value of flag `name` in argv ("--name=value" or "--name value"), or None."""
    value = None
    for i, argument in enumerate(argv):
        flag, equals, rest = argument.lstrip("-").partition("=")
        if argument.startswith("-") and flag == name:
            value = rest if equals else (argv[i + 1] if i + 1 < len(argv) else None)
    return value


def fields(config, prefix=""):
    """[(key, type name, value)] of every field of a ConfigDict, nested keys joined by dots."""
    found = []
    for key in config:
        if hasattr(config[key], "get_type"):
            found += fields(config[key], f"{prefix}{key}.")
        else:
            kind = config.get_type(key)
            # `object` takes any Python literal.
            name = "literal" if kind is object else kind.__name__
            found.append((prefix + key, name, config[key]))
    return found


def help_text(argv):
    """What --help prints; the configuration's defaults are those of --model, where given."""
    recipe = value_of(argv, "model")
    recipe = recipe if recipe in configs.RECIPES else "vae"
    lines = [f"Configuration, with the defaults of --model={recipe}"]
    lines.append("(None: the component's own default, or found out from the data):")
    for key, kind, value in fields(configs.get_config(recipe)):
        lines.append(f"  --config.{key} ({kind}) = {value}")
    return HELP + "\n" + "\n".join(lines)


def check_keys(argv, config):
    """Raise SetupError for a --config.KEY that `config` does not have, naming those it has."""
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


def _define(recipe, argv):
    own = flags.FlagValues()
    for name in ("model", "dataset", "data_dir", "workdir"):
        flags.DEFINE_string(name, None, name, flag_values=own)
    for name in ("steps", "batch_size", "seed"):
        flags.DEFINE_integer(name, None, name, flag_values=own)
    flags.DEFINE_string("strategy", "auto", "strategy", flag_values=own)
    for name in ("overwrite_config", "debug"):
        flags.DEFINE_bool(name, False, name, flag_values=own)
    config_flags.DEFINE_config_dict("config", recipe, flag_values=own, sys_argv=argv)
    return own


def parse(argv):
    """Parse a command line.

    Args:
      argv: sys.argv: the program's name comes first.

    Returns:
      absl FlagValues with a ConfigDict `config`, in which the short flags are set.

    Raises:
      SetupError: an unknown flag, model or key, or a value of a wrong type.
    """
    name = value_of(argv, "model")
    if not name:
        raise SetupError(f"--model is required; models:\n{RECIPES}")
    try:
        config = configs.get_config(name)
        check_keys(argv, config)
        own = _define(config, argv)
        extra = own(argv)[1:]
    except (flags.Error, ValueError, TypeError) as error:
        raise SetupError(str(error)) from error
    if extra:
        raise SetupError(f"unexpected arguments: {' '.join(extra)}; flags start with --")
    for flag, key in SHORTCUTS.items():
        if own[flag].value is not None:
            config.update_from_flattened_dict({key: own[flag].value})
    return own

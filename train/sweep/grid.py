"""The command line of a sweep: flags of train.run, some with several values, to cells of a grid."""

import dataclasses
import itertools
import math
import pathlib
import re

from configs import base, catalog
from train import configuration, flags
from train.argv import modules_of, value_of
from train.errors import SetupError, as_setup_error
from train.evaluate import flags as evaluate_flags
from train.files import check_name

# Flags beside --config.KEY that may have several values.
SHORT = ("model", "seed", "steps", "batch_size")
# Flags of the sweep itself.
OWN = ("workdir", "metrics")
METRICS = "log_likelihood"
NONE = "none"
MOST_CELLS = 1000
LONGEST_NAME = 200  # bytes; file systems take 255

HELP = f"""Train a grid of runs one after the other, then compare them.

  python -m train.sweep [flags of train.run] --config.KEY=A,B,C [--config.KEY=D,E ...]

A flag with several values, separated by commas, spans the grid: any --config.KEY, --model, --seed,
--steps, --batch_size. Fields that hold tuples or literals need semicolons:
--config.mapping.dense="256,64;512". All other flags are those of train.run,
the same for every cell.

Flags of the sweep:
  --workdir=DIR        the folder of the sweep; default runs/MODEL-DATASET-sweep. A cell is the run
                       folder DIR/KEY=VALUE,KEY=VALUE
  --metrics=A,B        metrics of train.evaluate for every cell ({METRICS}), for standard errors;
                       "{NONE}" for none
  --debug              show Python's traceback with an error

A cell that fails does not stop the others; the status is then 1. The same command goes on after an
interruption: finished cells are not trained again. At the end DIR/compare.html and DIR/compare.csv
compare the cells; see `python -m train.compare --help`.

Examples:
  python -m train.sweep --model=vae --config.model.latent_dim=2,8,32
  python -m train.sweep --model=gvae --config.regularizer.name=kl,mmd,stein --seed=0,1,2
"""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One run of a sweep.

    Attributes:
      name: readable: "latent_dim=8,seed=0".
      folder: its run folder.
      arguments: the command line of train.run.
    """

    name: str
    folder: pathlib.Path
    arguments: tuple


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A parsed command line.

    Attributes:
      folder: of the sweep.
      cells: list of Cell, the last flag's values next to each other.
      metrics: names of metrics of train.evaluate.
    """

    folder: pathlib.Path
    cells: list
    metrics: tuple


def parse(argv):
    """Parse and check the command line of a sweep, of every cell too.

    Args:
      argv: sys.argv: the program's name comes first.

    Raises:
      SetupError: no flag with several values, or a cell that train.run refuses.
    """
    with as_setup_error():
        configuration.bring_in(modules_of(argv), "--import")  # Their classes have fields.
        for argument, following in zip(argv[1:], [*argv[2:], ""], strict=True):
            name, value = _flag(argument)
            if value is None and (name in OWN or (name in SHORT and "," in following)):
                raise ValueError(f"write --{name}=VALUE, with an equals sign")
        given = [argument for argument in argv[1:] if _flag(argument)[0] not in OWN]
        spans, shared = _spans(given)
        count = math.prod(len(values) for values in spans.values())
        if not spans:
            flags.parse(["train.sweep", *shared])  # A wrong flag is a better reason.
            raise ValueError(
                "no flag has several values: a sweep needs one, such as --seed=0,1,2, "
                "--config.train.learning_rate=1e-3,1e-4 or, for tuples, "
                '--config.mapping.dense="256,64;512"'
            )
        if count > MOST_CELLS:
            raise ValueError(f"a sweep has at most {MOST_CELLS} cells, got {count}")
        metrics = _metrics(value_of(argv, "metrics"))
        folder = pathlib.Path(value_of(argv, "workdir") or _default(spans, shared))
        check_name("the folder of the sweep", folder)
        cells = _cells(spans, shared, folder)
    for cell in cells:
        _check(cell)
    return Sweep(folder, cells, metrics)


def _flag(argument):
    """(name, value) of "--name=value"; (name, None) of "--name"."""
    if not argument.startswith("-"):
        return "", None
    name, equals, value = argument.lstrip("-").partition("=")
    return name, value if equals else None


def _spans(arguments):
    """{flag: its values} of the flags with several values, and the other arguments."""
    kinds = {f"config.{key}": kind for key, kind, _ in flags.fields(base.get_config())}
    kinds |= dict.fromkeys(SHORT, "str")
    spans, shared = {}, []
    for argument in arguments:
        name, value = _flag(argument)
        separator = ";" if kinds.get(name) in ("tuple", "literal") else ","
        if name not in kinds or value is None or separator not in value:
            shared.append(argument)
            continue
        values = [part.strip() for part in value.split(separator)]
        if name in spans:
            raise ValueError(f"--{name} is given twice")
        if "" in values or len(set(values)) < len(values):
            raise ValueError(f"--{name} must have different values, got {value}")
        spans[name] = values
    return spans, shared


def _metrics(text):
    if text == NONE:
        return ()
    names = [name for name in (METRICS if text is None else text).split(",") if name]
    return tuple(evaluate_flags.chosen(names))


def _default(spans, shared):
    first = [f"--{name}={values[0]}" for name, values in spans.items()]
    folder = flags.parse(["train.sweep", *shared, *first]).folder
    return folder.with_name(f"{folder.name}-sweep")


def _cells(spans, shared, folder):
    words = _words(list(spans))
    cells = {}
    for values in itertools.product(*spans.values()):
        chosen = dict(zip(spans, values, strict=True))
        name = ",".join(f"{words[flag]}={_plain(value)}" for flag, value in chosen.items())
        if name in cells:
            raise ValueError(f"two cells have the name {name}: give values with other letters")
        if len(name.encode()) > LONGEST_NAME:
            raise ValueError(f"the name of a cell is too long: {name}")
        own = [f"--{flag}={value}" for flag, value in chosen.items()]
        place = folder / name
        cells[name] = Cell(name, place, (*shared, *own, f"--workdir={place}"))
    return list(cells.values())


def _words(names):
    """{flag: a short name}: its last part, or the part's kind for --config.KIND.name."""
    words = {}
    for name in names:
        *_, section, last = ["", *name.split(".")]
        words[name] = section if last == "name" and section in catalog.TABLES else last
    short = list(words.values())
    return {
        name: word if short.count(word) == 1 else name.removeprefix("config.")
        for name, word in words.items()
    }


def _plain(value):
    """A value without characters that are unusual in file names."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", value)


def _check(cell):
    """Refuse a cell whose flags train.run refuses, before any of them starts."""
    try:
        command = flags.parse(["train.run", *cell.arguments])
        with as_setup_error():
            configuration.settle(
                command.config, command.folder, command.given, command.overwrite_config
            )
    except SetupError as error:
        raise SetupError(f"{cell.name}: {error}") from error

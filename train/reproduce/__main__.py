"""Reproduce a figure of the paper: see `python -m train.reproduce --help`."""

from train import interrupts  # noqa: F401 First: Ctrl-C during the other imports is one line.

# isort: split

import pathlib
import sys

from train import command_line
from train.errors import exit_status
from train.reproduce import EXPERIMENTS, PRESETS, reproduce


def _listed(table):
    return "\n".join(f"  {name:14} {line}" for name, line in table.items())


DESCRIPTION = f"""\
Reproduce a figure of the paper: train the missing runs, then write the figure as NAME.png and
NAME.pdf and its numbers as NAME.json and NAME.csv. The runs are kept in DIR/runs. After an
interruption, the same command goes on from there.

Experiments:
{_listed(EXPERIMENTS)}

Presets:
{_listed(PRESETS)}
"""


def parser():
    """The flags."""
    return command_line.parser("python -m train.reproduce", DESCRIPTION, _define)


def _define(made):
    made.add_argument("--experiment", required=True, metavar="NAME", help="one of the above")
    made.add_argument("--output", required=True, metavar="DIR", type=pathlib.Path)
    made.add_argument("--preset", default="quick", metavar="NAME", help="(%(default)s)")
    made.add_argument("--dataset", metavar="NAME", help="instead of the experiment's own")
    made.add_argument("--data_dir", metavar="DIR", help="where prepared TFDS data is")
    made.add_argument("--seed", type=int, default=0, help="(%(default)s)")


def main(arguments):
    """Run a command line and return its exit status."""
    flags = vars(parser().parse_args(arguments))
    debug = flags.pop("debug")

    def run():
        reproduce(**flags)
        print(f"Written: {flags['output'] / flags['experiment']}.png, .pdf, .json, .csv")

    return exit_status(run, debug, "Interrupted: the same command goes on.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

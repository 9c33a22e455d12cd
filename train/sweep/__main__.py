"""Train a grid of runs: see `python -m train.sweep --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import sys

from train.errors import exit_status
from train.sweep import grid, running


def main(argv):
    """Run a command line (argv[0] is the program): 0, 1 if a cell failed, 2 for wrong flags."""
    if {"--help", "-h", "-help", "--helpfull"} & set(argv[1:]):
        print(grid.HELP)
        return 0

    def command():
        sweep = grid.parse(argv)
        interrupts.started()
        running.run(sweep)

    return exit_status(command, "--debug" in argv, "Interrupted. The same command goes on.")


if __name__ == "__main__":
    sys.exit(main(sys.argv))

"""Evaluate a trained run: `python -m train.evaluate --help` says how."""

import shlex
import sys

from train.errors import exit_status
from train.evaluate import flags
from train.evaluate.loop import evaluate, failed


def main(arguments):
    """Run a command line and return its exit status: 1 where a metric failed, 2 for bad flags."""
    parsed = flags.parser().parse_args(arguments)
    command = shlex.join(["python", "-m", "train.evaluate", *arguments])

    def run():
        return 1 if failed(evaluate(**flags.options(parsed), command=command)) else 0

    return exit_status(run, parsed.debug, "Interrupted. The same command goes on.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

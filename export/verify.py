"""Check an exported model: see `python -m export.verify --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import sys

from export.layout import model_card, shapes
from train import command_line
from train.errors import TrainError, as_error, exit_status

DESCRIPTION = """\
Check every signature of an exported model: its shapes, whether equal requests give equal answers,
whether its numbers are finite, whether it refuses wrong inputs. A line is printed after each
signature. The exit status is 1 on a failure, and 2 if a file is damaged or missing.
"""


def parser():
    """The flags."""
    return command_line.parser("python -m export.verify", DESCRIPTION, _define)


def _define(made):
    made.add_argument("folder", metavar="DIR/NAME/VERSION", help="a folder from export.run")


def run(folder):
    """Check a version folder, print the results as they come, and return the exit status."""
    problems = []
    with as_error(TrainError):
        card = model_card(folder)  # Fails before TensorFlow is imported, which takes seconds.
        from export.loading import load
        from export.verification import HEADER, check_warmup, line, verify

        interrupts.started()
        served = load(folder)
        print(line(HEADER))
        for result in verify(served, card):
            print("\n".join([result.row(), *result.problems]), flush=True)
            problems += result.problems
        for name, tensors in card["signatures"].items():
            print(f"{name}: {shapes(tensors['inputs'])} -> {shapes(tensors['outputs'])}")
        for problem in check_warmup(served, folder):
            print(problem)
            problems.append(problem)
    print(f"{len(problems)} checks failed." if problems else "All is well.")
    return 1 if problems else 0


def main(arguments):
    """Run a command line and return its exit status."""
    flags = parser().parse_args(arguments)
    return exit_status(lambda: run(flags.folder), flags.debug)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

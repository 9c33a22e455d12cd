"""Measure an exported model: see `python -m export.benchmark --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import sys

from export.layout import model_card
from train import command_line
from train.errors import as_setup_error, exit_status

DESCRIPTION = """\
Measure latency and throughput of each signature of an exported model, in this process. Gibbs chains
have 2 steps.
"""
LAYOUT = "{:<18}{:>6}{:>12}{:>12}{:>12}"


def parser():
    """The flags."""
    return command_line.parser("python -m export.benchmark", DESCRIPTION, _define)


def _define(made):
    made.add_argument("folder", metavar="DIR/NAME/VERSION")
    made.add_argument("--batch_sizes", default="1,4,16,64", help="rows per request (%(default)s)")
    made.add_argument("--seconds", type=float, default=2.0, help="for each line (%(default)s)")
    made.add_argument("--signatures", help="names separated by commas; all by default")


def _positive(text):
    sizes = [int(size) for size in text.split(",")]
    if min(sizes) < 1:
        raise ValueError(f"batch sizes are integers >= 1, got {text}")
    return sizes


def run(flags):
    """Measure with parsed flags and print a line for each measurement."""
    names = flags.signatures.split(",") if flags.signatures else None
    with as_setup_error():
        sizes = _positive(flags.batch_sizes)
        model_card(flags.folder)  # Fails before TensorFlow is imported, which takes seconds.
        from export.measurement import HEADER, benchmark

        interrupts.started()
        for n, found in enumerate(benchmark(flags.folder, sizes, flags.seconds, names)):
            if n == 0:  # The model could be loaded.
                print(LAYOUT.format(*HEADER))
            print(LAYOUT.format(*found.cells()), flush=True)


def main(arguments):
    """Run a command line and return its exit status."""
    flags = parser().parse_args(arguments)
    return exit_status(lambda: run(flags), flags.debug)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

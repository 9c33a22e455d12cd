"""Compare runs and presets: see `python -m train.compare --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import sys

from train import command_line
from train.compare import flags
from train.errors import as_setup_error, exit_status


def main(arguments):
    """Run a command line and return its exit status."""
    parsed = flags.parser().parse_args(arguments)

    def run():
        with as_setup_error():
            # Find mistakes before TensorFlow is imported, which takes seconds.
            flags.check(parsed.sources, parsed.output)
        from train.compare.outputs import compare

        interrupts.started()
        command = command_line.written("python -m train.compare", arguments)
        compare(parsed.sources, parsed.output, command)

    return exit_status(run, parsed.debug)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

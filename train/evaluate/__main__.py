"""Evaluate a trained run: see `python -m train.evaluate --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import sys

from train import command_line, configuration
from train.errors import as_setup_error, exit_status
from train.evaluate import flags
from train.files import check_name


def _check_source(parsed):
    if parsed.preset is not None:
        command_line.check_step(parsed)
        return
    configuration.require(parsed.workdir)
    for name in ("dataset", "binarize"):
        if getattr(parsed, name) is not None:
            raise ValueError(f"--{name} is for --preset: a run has its own data")


def main(arguments):
    """Run a command line and return its exit status: 1 if a metric failed, 2 for bad flags."""
    parsed = flags.parser().parse_args(arguments)
    command = command_line.written("python -m train.evaluate", arguments)

    def run():
        options = flags.options(parsed)
        with as_setup_error():
            # Find mistakes before TensorFlow is imported, which takes seconds.
            flags.chosen(options.get("metrics"))
            _check_source(parsed)
            check_name("the output folder", parsed.output or "")
        from train.evaluate.loop import evaluate, failed

        interrupts.started()
        return 1 if failed(evaluate(**options, command=command)) else 0

    return exit_status(run, parsed.debug, "Interrupted. The same command goes on.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

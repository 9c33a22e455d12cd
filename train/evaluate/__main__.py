"""Evaluate a trained run: `python -m train.evaluate --help` says how."""

import shlex
import sys
import traceback

from train.errors import TrainError
from train.evaluate import flags
from train.evaluate.loop import evaluate, failed


def main(arguments):
    """Run a command line and return its exit status: 1 where a metric failed, 2 for bad flags."""
    parsed = flags.parser().parse_args(arguments)
    command = shlex.join(["python", "-m", "train.evaluate", *arguments])
    try:
        report = evaluate(**flags.options(parsed), command=command)
    except TrainError as error:
        if parsed.debug:
            traceback.print_exc()
        print(f"\n{error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on.", file=sys.stderr)
        return 130
    return 1 if failed(report) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

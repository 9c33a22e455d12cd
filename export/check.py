"""Compare a running server with an export: see `python -m export.check --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import pathlib
import sys

from export import reference
from export.client import PROTOCOLS, Refused
from train import command_line
from train.errors import SetupError, as_setup_error, exit_status

DESCRIPTION = """\
Send the reference requests of an export to a running server of TensorFlow Serving, and compare its
answers with those that were stored at export. The exit status is 1 on a difference, and 2 if no
server answers.

A family that draws pixel by pixel (pixelcnn, pixelcnn_pp) may draw other images in another runtime:
rounding changes one pixel, and all later ones depend on it. The share of pixels that differ is
reported; it is no failure.
"""
LAYOUT = "{:<18}{:>20}{:>18}  {}"


def parser():
    """The flags."""
    return command_line.parser("python -m export.check", DESCRIPTION, _define)


def _define(made):
    made.add_argument("folder", metavar="DIR/NAME/VERSION", help="a folder from export.run")
    made.add_argument("--url", required=True, metavar="HOST:PORT", help="the server")
    made.add_argument("--name", help="the model's name; by default NAME of the folder")
    made.add_argument("--version", type=int, metavar="N", help="by default VERSION of the folder")
    made.add_argument("--protocol", choices=sorted(PROTOCOLS), default="rest", help="(%(default)s)")
    made.add_argument(
        "--timeout", type=float, default=60.0, metavar="SECONDS", help="for an answer (%(default)s)"
    )


def compared(call, references):
    """Compare each signature; yields (signature, reference.Comparison).

    Args:
      call: a client.Rest or client.Grpc.
      references: the result of reference.read.
    """
    for name, stored in references.items():
        try:
            answer = call(name, stored)
        except Refused as error:
            yield (
                name,
                reference.Comparison(
                    float("inf"), None, (f"refused: {' '.join(str(error).split())}",)
                ),
            )
        else:
            yield name, reference.compare(stored, answer)


def run(flags):
    """Compare with parsed flags, print a line for each signature, and return the exit status."""
    interrupts.started()
    folder = pathlib.Path(flags.folder).absolute()
    version = flags.version
    if version is None and folder.name.isdecimal():
        version = int(folder.name)
    with as_setup_error():
        references = reference.read(folder)
        if flags.timeout <= 0:
            raise SetupError(f"--timeout must be > 0, got {flags.timeout}")
        client = PROTOCOLS[flags.protocol]
        call = client(flags.url, flags.name or folder.parent.name, version, flags.timeout)
        problems = []
        for n, (name, found) in enumerate(compared(call, references)):
            if n == 0:  # Now it is known that a server answers.
                print(LAYOUT.format("signature", "largest difference", "differing draws", "result"))
            share = "" if found.share is None else f"{found.share:.2%}"
            result = "not ok" if found.problems else "ok"
            print(LAYOUT.format(name, f"{found.largest:.2g}", share, result), flush=True)
            problems += [f"{name}: {problem}" for problem in found.problems]
    print("\n".join(problems) or "All answers are those of the export.")
    return 1 if problems else 0


def main(arguments):
    """Run a command line and return its exit status."""
    flags = parser().parse_args(arguments)
    return exit_status(lambda: run(flags), flags.debug)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

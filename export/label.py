"""Choose which versions of an exported model are served: see `python -m export.label --help`."""

from train import interrupts  # noqa: F401 First: Ctrl-C during the imports is one line.

# isort: split

import pathlib
import sys

from export import labels, readme, server_configs
from export.layout import NAME, versions
from export.marks import require_ours
from train import command_line
from train.errors import as_setup_error, exit_status

DESCRIPTION = """\
Give labels to versions of an exported model, and serve these versions only. The labels replace all
earlier ones. Clients ask for a label by /v1/models/NAME/labels/LABEL:predict, or by
model_spec.version_label in gRPC.

  canary    try version 2 beside version 1:   export.label served/digits stable=1 canary=2
  promote   version 2 for everybody:          export.label served/digits stable=2
  rollback  version 1 again:                  export.label served/digits stable=1
  no label  always the newest version:        export.label served/digits --clear
"""


def parser():
    """The flags."""
    return command_line.parser("python -m export.label", DESCRIPTION, _define)


def _define(made):
    made.add_argument("folder", metavar="DIR/NAME", help="the folder of a model")
    made.add_argument("labels", nargs="*", metavar="LABEL=VERSION", help="all labels of the model")
    made.add_argument("--clear", action="store_true", help="remove all labels")


def _parsed(texts):
    given = {}
    for text in texts:
        label, _, version = text.partition("=")
        if not (version.isascii() and version.isdecimal()):
            raise ValueError(f"expected LABEL=VERSION, as in stable=1, got {text!r}")
        if label in given:
            raise ValueError(f"the label {label} is given twice")
        given[label] = int(version)
    return given


def run(flags):
    """Write the labels with parsed flags, and print what is served."""
    base = pathlib.Path(flags.folder).absolute()
    with as_setup_error():
        if bool(flags.labels) == flags.clear:
            raise ValueError("expected labels, as in stable=1, or --clear")
        if not versions(base) or not NAME.fullmatch(base.name):
            raise ValueError(f"{base} is no folder of an exported model: it has no version")
        require_ours(base.parent / "models.config", base.parent / "README.md")
        given = _parsed(flags.labels)
        labels.write(base, given)
        server_configs.write(base.parent)
        readme.write(base.parent)
    if not given:
        print(f"The server serves the newest version of {base.name}.")
    for label, version in sorted(given.items()):
        print(f"{label}: version {version}")
    print(
        f"Written to {base.parent / 'models.config'}. A running server reads it again after at "
        f"most {server_configs.POLL_SECONDS} seconds."
    )


def main(arguments):
    """Run a command line and return its exit status."""
    flags = parser().parse_args(arguments)
    return exit_status(lambda: run(flags), flags.debug)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Make a preset of a run: see `python -m train.publish --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import sys

from train import command_line, configuration
from train.errors import as_setup_error, exit_status
from train.files import check_name

DESCRIPTION = """\
Make a preset of a run that train.evaluate has measured.

  FOLDER/NAME/config.json    the model and the configuration of the run
  FOLDER/NAME/weights.npz    its weights
  FOLDER/NAME/card.json      what it is, how it was trained, what was measured

tfgvae.from_preset("FOLDER/NAME") loads it. The folder appears only when it is complete. Weights are
stored as float16 if that changes the headline metric by at most a tenth of its standard error.
"""
# Flags that are not passed to `publish` as they are.
OWN = ("debug", "limit", "push")


def parser():
    """The flags."""
    return command_line.parser("python -m train.publish", DESCRIPTION, _define)


def _define(made):
    made.add_argument("--workdir", required=True, metavar="RUN", help="the run folder")
    made.add_argument("--output", required=True, metavar="FOLDER", help="the folder of presets")
    made.add_argument("--name", required=True, help="the preset's name")
    made.add_argument("--description", metavar="TEXT", help="what it is, in two plain sentences")
    made.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="TEXT",
        help="a sentence about what the model cannot do; may be repeated",
    )
    made.add_argument(
        "--headline",
        metavar="METRIC.NUMBER",
        help="the number that stands for the preset; by default log_likelihood.log_likelihood, if "
        "it was measured",
    )
    made.add_argument(
        "--dtype",
        choices=("auto", "short", "float16", "float32"),
        default="auto",
        help="of the weights (%(default)s); short: float16 with 7 bits of fraction if the headline "
        "allows it, in a smaller file",
    )
    made.add_argument(
        "--licence", default="CC-BY-4.0", metavar="NAME", help="of the weights (%(default)s)"
    )
    made.add_argument("--data_licence", metavar="NAME", help="of the data, if we do not know it")
    made.add_argument("--data_dir", metavar="DIR", help="TFDS data; else $TFDS_DATA_DIR")
    made.add_argument("--cpu_seconds", type=float, metavar="N", help="that the training took")
    made.add_argument("--machine", metavar="TEXT", help="it was trained on; this one by default")
    made.add_argument(
        "--evaluation", metavar="DIR", help="of train.evaluate; RUN/evaluation by default"
    )
    made.add_argument("--overwrite", action="store_true", help="replace an earlier FOLDER/NAME")
    made.add_argument(
        "--push",
        metavar="hf://USER/NAME",
        help="then upload it to the Hugging Face Hub; needs the extra [hub] and a login",
    )


def main(arguments):
    """Run a command line and return its exit status."""
    parsed = parser().parse_args(arguments)
    given = {name: value for name, value in vars(parsed).items() if name not in OWN}

    def run():
        with as_setup_error():
            # Find mistakes before TensorFlow is imported, which takes seconds.
            configuration.require(parsed.workdir)
            check_name("the folder of presets", parsed.output)
        from train.publish.publish import publish

        interrupts.started()
        publish(**given, limits=parsed.limit, push_to=parsed.push)

    return exit_status(run, parsed.debug)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

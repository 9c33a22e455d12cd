"""Train a model: `python -m train.run --help` says how."""

import pathlib
import re
import sys

from train import flags
from train.errors import exit_status
from train.loop import train_and_evaluate


def default_workdir(model, dataset):
    """runs/MODEL-DATASET, with characters that do not belong in a file's name replaced."""
    return pathlib.Path("runs") / f"{model}-{re.sub(r'[^A-Za-z0-9._-]+', '_', dataset)}"


def report(folder, metrics):
    """Print the test metrics and where things are."""
    if metrics:
        print("Test set: " + "  ".join(f"{k} {v:.3f}" for k, v in metrics.items() if v is not None))
    print(f"Run folder: {folder}")
    pictures = sorted((folder / "samples").glob("step_*.png"))
    for picture in pictures:
        if picture.name.split("_")[1] == pictures[-1].name.split("_")[1]:
            print(f"  {picture}")
    print(f'Load it: tfgvae.load("{folder}")')


def train(values):
    """Train with parsed flags and say where the result is."""
    folder = pathlib.Path(values.workdir or default_workdir(values.model, values.config.data.name))
    _, metrics = train_and_evaluate(values.config, folder, values.strategy, values.overwrite_config)
    report(folder, metrics)


def main(argv):
    """Run a command line (argv[0] is the program) and return its exit status."""
    if {"--help", "-h", "-help", "--helpfull"} & set(argv[1:]):
        print(flags.help_text(argv))
        return 0
    return exit_status(lambda: train(flags.parse(argv)), "--debug" in argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv))

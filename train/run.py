"""Train a model: see `python -m train.run --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import sys

from train import configuration, flags
from train.errors import as_setup_error, exit_status


def report(folder, metrics):
    """Print the test metrics and the paths of the results."""
    if metrics:
        print("Test set: " + "  ".join(f"{k} {v:.3f}" for k, v in metrics.items() if v is not None))
    print(f"Run folder: {folder}")
    pictures = sorted((folder / "samples").glob("step_*.png"))
    for picture in pictures:
        if picture.name.split("_")[1] == pictures[-1].name.split("_")[1]:
            print(f"  {picture}")
    print(f'Load it: tfgvae.load("{folder}")')


def train(command):
    """Run a flags.Command and print where the results are."""
    with as_setup_error():
        # Find mistakes before TensorFlow is imported, which takes seconds.
        configuration.settle(
            command.config, command.folder, command.given, command.overwrite_config
        )
    from train.loop import train_and_evaluate

    interrupts.started()
    _, metrics = train_and_evaluate(
        command.config,
        command.folder,
        command.strategy,
        command.overwrite_config,
        given=command.given,
    )
    report(command.folder, metrics)


def main(argv):
    """Run a command line (argv[0] is the program) and return its exit status."""
    if {"--help", "-h", "-help", "--helpfull"} & set(argv[1:]):
        print(flags.help_text(argv))
        return 0
    return exit_status(lambda: train(flags.parse(argv)), "--debug" in argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv))

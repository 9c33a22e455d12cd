"""Train a model: see `python -m train.run --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import sys

from train import configuration, flag_help, flags
from train.errors import as_setup_error, exit_status
from train.workers import cluster


def report(folder, metrics, say=print):
    """Say the test metrics and the paths of the results."""
    if metrics:
        say("Test set: " + "  ".join(f"{k} {v:.3f}" for k, v in metrics.items() if v is not None))
    say(f"Run folder: {folder}")
    pictures = sorted((folder / "samples").glob("step_*.png"))
    for picture in pictures:
        if picture.name.split("_")[1] == pictures[-1].name.split("_")[1]:
            say(f"  {picture}")
    say(f'Load it: tfgvae.load("{folder}")')


def train(command, say=print, stream=None):
    """Run a flags.Command and say where the results are.

    Args:
      command: a flags.Command.
      say: called with each line for the user.
      stream: where the progress bar is drawn; None is the standard output.

    Returns:
      The trained model.
    """
    chief = True
    with as_setup_error():
        # Find mistakes before TensorFlow is imported, which takes seconds.
        configuration.settle(
            command.config, command.folder, command.given, command.overwrite_config
        )
        if command.strategy == "multiworker":
            chief = cluster.from_environment().is_chief
        elif others := cluster.unused():
            say(others)
    from train.loop import train_and_evaluate

    interrupts.started()
    model, metrics = train_and_evaluate(
        command.config,
        command.folder,
        command.strategy,
        command.overwrite_config,
        say,
        command.given,
        stream,
        command.wait,
    )
    if chief:
        report(command.folder, metrics, say)
    return model


def main(argv):
    """Run a command line (argv[0] is the program) and return its exit status."""
    if {"--help", "-h", "-help", "--helpfull"} & set(argv[1:]):
        return exit_status(lambda: print(flag_help.text(argv)), "--debug" in argv)

    def command():
        train(flags.parse(argv))

    return exit_status(command, "--debug" in argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv))

"""Train a classifier on a data set's labels: see `python -m train.classifier --help`.

Estimators take features from it, and it can be a fixed q(z|x) (Eq. 5).
"""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import dataclasses
import json
import os
import pathlib
import sys
import time

from train import command_line, unfinished
from train.classifier_settings import Settings, check_flags
from train.configuration import differences
from train.errors import SetupError, TrainError, as_setup_error, as_train_error, exit_status
from train.files import check_name, read_json, write_whole

DESCRIPTION = """\
Train a classifier on a data set's labels. Estimators use its features (Frechet distance, precision
and recall).

  FILE.keras    the network; keras.models.load_model gives a tfgvae.layers.classifier network
  FILE.json     its settings, its accuracy on the test split, the command

If FILE.keras was trained with the same settings, it is kept and nothing is trained.
"""


def _write(network, output, record):
    """Write FILE.json, then FILE.keras: if FILE.keras exists, FILE.json belongs to it."""
    output.unlink(missing_ok=True)
    write_whole(output.with_suffix(".json"), json.dumps(record, indent=2) + "\n")
    prefix = f".{output.name}.writing-"
    unfinished.remove_left(output.parent, prefix, {output.name})
    with unfinished.new_folder(output.parent, prefix) as folder:
        temporary = folder / output.name
        try:
            network.save(temporary)
        except Exception as error:  # h5py raises its own kinds when the disk is full.
            raise TrainError(f"cannot write {output}: {error}") from error
        os.replace(temporary, output)
        folder.rmdir()


def _changed(output, settings):
    """Lines that list how the classifier at `output` differs from `settings`."""
    beside = output.with_suffix(".json")
    try:
        record = read_json(beside)
    except ValueError as error:
        return [str(error)]
    if not isinstance(record, dict) or not isinstance(record.get("settings"), dict):
        return [f"no settings in {beside}: how it was trained is not known"]
    return differences(record["settings"], settings.as_dict())


def _reusable(output, settings, overwrite, say):
    """Whether `output` holds an undamaged classifier with these settings.

    Raises:
      SetupError: it holds another one, and overwrite is False.
    """
    check_name("the output", output)
    if output.suffix != ".keras":
        raise SetupError(f"the output must be a file name that ends in .keras, got {output}")
    if not output.exists():
        return False
    changed = _changed(output, settings)
    if changed and not overwrite:
        raise SetupError(
            f"{output} is there, with other settings:\n  "
            + "\n  ".join(changed)
            + "\nGive another --output, or --overwrite to train it anew."
        )
    from tfgvae import runs

    reason = None if changed else runs.damage(output)
    if reason:
        say(f"{output} is damaged ({reason}): trained again.")
    return not changed and reason is None


def _train(settings, training, test, output, command, say):
    """Train, test and write."""
    from train.classifier_training import accuracy, fit

    start = time.monotonic()
    network = fit(training, settings)
    found = accuracy(network, test, settings)
    record = {
        "settings": settings.as_dict(),
        "image_shape": network.image_shape,
        "num_classes": network.num_classes,
        "test_accuracy": found.as_dict(),
        "seconds": round(time.monotonic() - start, 1),
        "command": command,
    }
    _write(network, output, record)
    say(f"Test accuracy: {found} over {found.count} images.")


def trained_classifier(
    dataset,
    output,
    *,
    data_dir=None,
    download=False,
    overwrite=False,
    command=None,
    say=print,
    **settings,
):
    """Train a classifier, unless the file already holds one with the same settings.

    Args:
      dataset: the name of a data set with labels.
      output: FILE.keras; FILE.json is written beside it.
      data_dir, download: as tfgvae.data.load takes them.
      overwrite: whether a file with other settings is replaced.
      command: the command line that is written to FILE.json.
      say: called with each line for the user.
      **settings: fields of Settings.

    Returns:
      The path of FILE.keras. Loaded, it is a ClassifierNetwork.

    Raises:
      SetupError: bad settings, data without labels, or a file that exists with other settings.
      TrainError: weights that are not finite, a disk that is full.
    """
    output = pathlib.Path(output)
    with as_setup_error():
        settings = Settings(dataset, **settings)
        if _reusable(output, settings, overwrite, say):
            say(f"Classifier: {output} is there, trained with these settings.")
            return output
        from train import classifier_training  # noqa: F401 (late: it imports TensorFlow)

        interrupts.started()
        place = {"data_dir": data_dir, "download": download}
        training = settings.open(settings.train_split, **place)
        test = settings.open(settings.test_split, **place)
        output.parent.mkdir(parents=True, exist_ok=True)
    say(f"Training a classifier of {dataset}, {settings.steps} steps of {settings.batch_size}.")
    with as_train_error(lambda: (f"classifier {output}", True, "nothing was written")):
        _train(settings, training, test, output, command, say)
    say(f"Classifier: {output}")
    return output


def _crop(text):
    return int(text) if text.isdecimal() else text


_HELP = {
    "train_split": "the split to train on",
    "test_split": "the split whose accuracy is reported",
    "image_size": "side to resize to; by default the data set's own",
    "crop": "side of a centred square that is cut out first, or square, or none",
    "grayscale": "turn RGB into luma",
    "binarize": "none, static or dynamic: the same as for the model whose samples it will see",
    "augment": "none or flip",
    "trunk": "conv, resnet or mlp",
    "width": "filters after the first halving",
    "dense": "units of the dense layers; the last is the number of features",
    "norm": "batch, group, layer or none",
    "steps": "training steps",
    "batch_size": "images per step",
    "learning_rate": "the learning rate at the start; it falls to 0 along a cosine",
    "seed": "of the weights, the order and the noise",
}


def parser():
    """The flags: those of Settings, and where the data and the file are."""
    return command_line.parser("python -m train.classifier", DESCRIPTION, _define)


def _define(made):
    made.add_argument(
        "--dataset", required=True, help="digits, a TFDS name, folder:PATH, or npz:PATH"
    )
    made.add_argument("--output", required=True, metavar="FILE.keras", help="where to write it")
    made.add_argument("--data_dir", help="where prepared TFDS data is")
    made.add_argument("--download", action="store_true", help="download a TFDS set")
    made.add_argument("--overwrite", action="store_true", help="replace a file with other settings")
    kinds = {"image_size": int, "crop": _crop}
    for field in dataclasses.fields(Settings)[1:]:
        flag, text = f"--{field.name}", _HELP[field.name]
        if field.type is bool:
            made.add_argument(flag, action="store_true", help=text)
            continue
        if field.type is tuple:
            options = {"type": int, "nargs": "*", "metavar": "N"}
        else:
            options = {"type": kinds.get(field.name, field.type), "metavar": "VALUE"}
        default = "" if field.default is None else " (%(default)s)"
        made.add_argument(flag, default=field.default, help=text + default, **options)


def main(arguments):
    """Run a command line and return its exit status."""
    flags = vars(parser().parse_args(arguments))
    debug = flags.pop("debug")
    command = command_line.written("python -m train.classifier", arguments)
    flags["dense"] = tuple(flags["dense"])

    def train():
        with as_setup_error():
            check_flags(flags)
        trained_classifier(**flags, command=command)

    return exit_status(train, debug, "Interrupted; nothing was written.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

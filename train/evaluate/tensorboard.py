"""Write numbers and pictures of an evaluation for TensorBoard, next to the run's curves."""

import pathlib

import tensorflow as tf

from tfgvae.messages import reason
from train.callbacks.events import EventFile


def write(report, sections, workdir):
    """Write workdir/tensorboard/evaluation; files of the same step are replaced.

    Raises:
      OSError: it cannot be written.
    """
    folder = pathlib.Path(workdir) / "tensorboard" / "evaluation"
    step = report["checkpoint"]["step"]
    suffix = f".step-{step}"
    try:
        before = list(folder.glob(f"events.out.tfevents.*{suffix}"))
        file = EventFile(folder, suffix)
        for name, section in sections.items():
            for key, number in section.numbers.items():
                file.scalar(step, f"{name}/{key}", number.estimate.value)
            for picture in section.pictures:
                file.image(step, f"{name}/{picture.name}", picture.pixels)
        file.close()
        for old in before:
            old.unlink(missing_ok=True)
    except (tf.errors.OpError, OSError) as error:
        raise OSError(f"cannot write to {folder}: {reason(error)}") from error

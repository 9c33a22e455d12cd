"""Write numbers and pictures of an evaluation for TensorBoard, next to the run's curves."""

import pathlib

import tensorflow as tf

from tfgvae.messages import reason


def write(report, sections, workdir):
    """Write workdir/tensorboard/evaluation; files of the same step are replaced.

    Raises:
      OSError: it cannot be written.
    """
    folder = pathlib.Path(workdir) / "tensorboard" / "evaluation"
    step = report["checkpoint"]["step"]
    suffix = f".step-{step}"
    for old in folder.glob(f"events.out.tfevents.*{suffix}"):
        old.unlink(missing_ok=True)
    try:
        writer = tf.summary.create_file_writer(str(folder), filename_suffix=suffix)
        with writer.as_default(step):
            for name, section in sections.items():
                for key, number in section.numbers.items():
                    tf.summary.scalar(f"{name}/{key}", number.estimate.value)
                for picture in section.pictures:
                    tf.summary.image(f"{name}/{picture.name}", picture.pixels[None])
        writer.close()
    except tf.errors.OpError as error:
        raise OSError(f"cannot write to {folder}: {reason(error)}") from error

"""Open a run folder after training: its model, its configuration, its images.

Evaluations, experiments and exports use it.
"""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import dataclasses
import os
import pathlib

import ml_collections
import numpy as np

from tfgvae import runs
from train import configuration
from train.datasets import Datasets
from train.files import digest


@dataclasses.dataclass(frozen=True)
class Opened:
    """A checkpoint of a run.

    Attributes:
      model: a LatentVariableModel, with the averages of its weights if the run keeps them.
      config: ConfigDict of the run.
      data: train.datasets.Datasets of it.
      checkpoint: {"step", "file", "sha256"}.
    """

    model: object
    config: ml_collections.ConfigDict
    data: Datasets
    checkpoint: dict

    @property
    def num_available(self):
        """Images in the test split."""
        return self.data.test_info.num_examples

    def images(self, count, split="test", batch_size=500):
        """The first `count` images of a split, and their labels, as the model sees them.

        Args:
          count: number of images; all, if the split has fewer.
          split: "test" or "train": the split that the run tests or trains on.
          batch_size: images read at a time.

        Returns:
          float32 [N, H, W, C], resized, binarised and dequantised as in training but not
          augmented, and int64 [N], or None without labels.

        Raises:
          ValueError: the images do not have the model's shape.
        """
        data = self.data
        if split == "train":
            config = self.config.copy_and_resolve_references()
            config.data.test_split = config.data.train_split
            data = Datasets(config)
        shape = data.test_info.image_shape
        if tuple(shape) != tuple(self.model.image_shape):
            raise ValueError(
                f"the model takes images {self.model.image_shape}, the data has {shape}"
            )
        count = min(count, data.test_info.num_examples)
        batches = list(data.evaluation(self.model.family, min(batch_size, count), count))
        images = np.concatenate([batch["image"].numpy() for batch in batches])
        if "label" not in batches[0]:
            return images, None
        return images, np.concatenate([batch["label"].numpy() for batch in batches])


def data_folder(data_dir=None):
    """The folder of TFDS data that was given, else $TFDS_DATA_DIR, else None."""
    return data_dir or os.environ.get("TFDS_DATA_DIR") or None


def configured(workdir, data_dir=None):
    """The configuration of a run folder, with the TFDS folder of `data_folder` if there is one."""
    config = configuration.require(pathlib.Path(workdir))
    if data_folder(data_dir):
        config.data.data_dir = data_dir
    return config


def open_run(workdir, step=None, data_dir=None, say=print):
    """The checkpoint of `step` (None: the one that the run gives) of a run folder, as `Opened`.

    Args:
      workdir: the run folder.
      step: a training step.
      data_dir: folder of TFDS data; None: $TFDS_DATA_DIR if it is set, else the run's own.
      say: called with a line for each damaged checkpoint that is skipped.

    Raises:
      FileNotFoundError: no run, or no such checkpoint.
      ValueError: a damaged checkpoint or configuration.
    """
    workdir = pathlib.Path(workdir)
    config = configured(workdir, data_dir)

    def skipped(path, reason):
        say(f"Damaged checkpoint, skipped: {path}: {reason}")

    step, path = runs.find(workdir, step, skipped)
    model = runs.load(workdir, step)
    checkpoint = {"step": step, "file": path.name, "sha256": digest(path)}
    return Opened(model, config, Datasets(config), checkpoint)

"""A run folder as an evaluation needs it: its model, its configuration, its test images."""

import dataclasses
import os
import pathlib

import ml_collections
import numpy as np

from configs import base
from tfgvae import runs
from train.datasets import Datasets, dequantizes
from train.evaluate.storage import digest
from train.workdir import as_json


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A checkpoint of a run.

    Attributes:
      model: a LatentVariableModel, with the averages of its weights where the run keeps them.
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

    def test_images(self, count, batch_size=500):
        """The first `count` images of the test split as the model was evaluated on: (x, labels).

        Resized, binarised and dequantised as in training; labels are None where there are none.

        Raises:
          ValueError: images of another shape than the model's.
        """
        shape = self.data.test_info.image_shape
        if tuple(shape) != tuple(self.model.image_shape):
            raise ValueError(
                f"the model takes images {self.model.image_shape}, the data has {shape}"
            )
        batches = list(self.data.evaluation(self.model.family, min(batch_size, count), count))
        images = np.concatenate([batch["image"].numpy() for batch in batches])
        if "label" not in batches[0]:
            return images, None
        return images, np.concatenate([batch["label"].numpy() for batch in batches])


def _overlay(defaults, stored):
    """`defaults` with the fields of `stored` in their place: older runs lack newer fields."""
    merged = {**defaults, **stored}
    for key, value in defaults.items():
        if isinstance(value, dict) and isinstance(stored.get(key), dict):
            merged[key] = _overlay(value, stored[key])
    return merged


def read_config(workdir, data_dir=None):
    """The ConfigDict of a run, with the data where this machine has it.

    Args:
      workdir: the run folder.
      data_dir: TFDS data; None: $TFDS_DATA_DIR where it is set, else what the run was trained on.

    Raises:
      FileNotFoundError: no config.json.
    """
    stored = runs.read_config(workdir)
    if stored is None:
        raise FileNotFoundError(f"{workdir} is not a run folder: it has no config.json")
    merged = _overlay(as_json(base.get_config()), stored)
    if data_dir or os.environ.get("TFDS_DATA_DIR"):
        merged["data"]["data_dir"] = data_dir
    return ml_collections.ConfigDict(merged)


def load(workdir, step=None, data_dir=None, say=print):
    """The checkpoint of `step` (None: the newest whole one) of a run folder, as `Loaded`.

    Raises:
      FileNotFoundError: no run, or no such checkpoint.
      ValueError: a damaged checkpoint or configuration.
    """
    workdir = pathlib.Path(workdir)
    if not workdir.is_dir():
        raise FileNotFoundError(f"no folder {workdir}")
    config = read_config(workdir, data_dir)
    if step is None:

        def skipped(path, reason):
            say(f"Damaged checkpoint, skipped: {path}: {reason}")

        found = runs.newest_whole(workdir, skipped)
        if found is None:
            raise FileNotFoundError(f"no checkpoint in {workdir}/checkpoints")
        step = found[0]
    model = runs.load(workdir, step)
    path = runs.checkpoint_path(workdir, step)
    checkpoint = {"step": step, "file": path.name, "sha256": digest(path)}
    return Loaded(model, config, Datasets(config), checkpoint)


def shows_mean(model, config):
    """Whether samples are E[x|z] where nobody says: where the family's noise is not the data's.

    The noise of a density is mostly a loss weight, and a draw from Bernoulli pixels is binary
    where grey images are not.
    """
    family = model.family
    if not family.has_mean:
        return False
    return not family.discrete or (family.levels == 2 and config.data.binarize == "none")


def has_bits(loaded):
    """Whether a log-likelihood of a run stands for bits a sub-pixel of its data.

    It does for probabilities of what the data are, and for densities of dequantised images.
    Bernoulli pixels on grey images, and densities on images of 256 levels, have another unit.
    """
    family, config = loaded.model.family, loaded.config
    if family.discrete:
        return family.levels != 2 or config.data.binarize != "none"
    return dequantizes(config, family)

"""Generalised variational autoencoders in TensorFlow, Keras 3 and TensorFlow Probability.

Reference: S. Zhao, J. Song, S. Ermon. Towards a Deeper Understanding of Variational Autoencoding
Models. arXiv:1702.08658, 2017. A model is a choice of four parts, and there is a folder for
each: families (P), mappings (f), inference (q), regularizers (R).
"""

import os
import pathlib

import keras

if keras.config.backend() != "tensorflow":
    raise ImportError(
        f"tfgvae needs Keras on TensorFlow, but the backend is {keras.config.backend()!r}: "
        "set KERAS_BACKEND=tensorflow"
    )

from tfgvae import data
from tfgvae.models import GVAE, MODELS, Infusion, LatentVariableModel, Marginal, SeqVAE
from tfgvae.runs import load
from tfgvae.types import Model
from tfgvae.version import VERSION as __version__

__all__ = [
    "GVAE",
    "MODELS",
    "Infusion",
    "LatentVariableModel",
    "Marginal",
    "SeqVAE",
    "__version__",
    "data",
    "export",
    "load",
]


def export(
    model: Model,
    path: str | os.PathLike,
    max_num_steps: int | None = None,
    num_samples: int = 64,
    max_rows: int = 256,
    batch_sizes: tuple[int, ...] = (1, 4, 16, 64),
    png: bool = False,
) -> pathlib.Path:
    """Write a model as the next version of the folder `path`, for TensorFlow Serving.

    `python -m export.run` does this for a run, and writes the files that start a server.

    Args:
      model: a model of tfgvae.models.
      path: the model's folder. It has the model's name; its subfolders 1, 2, ... are versions.
      max_num_steps: the longest Gibbs chain that a request may ask for. None is at most 200, and
        so many that a chain of the largest batch takes about 20 seconds on this machine.
      num_samples: draws of the bound on log p(x).
      max_rows: the most rows of a request, at least those of the largest batch.
      batch_sizes: the batches that the server makes of requests; each is warmed up.
      png: whether signatures that draw images also return them as PNG files, `png_bytes`.

    Returns:
      The version's folder, a pathlib.Path.

    Raises:
      ValueError: max_num_steps, num_samples, max_rows or a batch size is not an integer >= 1, or a
        weight is NaN or infinite.
      OSError: the folder cannot be written.
    """
    # Imported late: the package `export` imports this one.
    from export.bundle import write_version
    from export.limits import Limits

    limits = Limits(max_num_steps, num_samples, max_rows, batch_sizes)
    return write_version(model, path, limits, png=png)

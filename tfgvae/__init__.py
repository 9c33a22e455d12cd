"""Generalised variational autoencoders in TensorFlow, Keras 3 and TensorFlow Probability.

Reference: S. Zhao, J. Song, S. Ermon. Towards a Deeper Understanding of Variational Autoencoding
Models. arXiv:1702.08658, 2017. A model is a choice of four parts, and there is a folder for
each: families (P), mappings (f), inference (q), regularizers (R).
"""

import os
import pathlib
import runpy
from typing import Any

import keras

if keras.config.backend() != "tensorflow":
    raise ImportError(
        f"tfgvae needs Keras on TensorFlow, but the backend is {keras.config.backend()!r}: "
        "set KERAS_BACKEND=tensorflow"
    )

from tfgvae import data, estimators
from tfgvae.models import GVAE, MODELS, Infusion, LatentVariableModel, Marginal, SeqVAE
from tfgvae.runs import load
from tfgvae.types import Model
from tfgvae.version import VERSION as __version__
from tfgvae.zoo import from_preset, presets

__all__ = [
    "GVAE",
    "MODELS",
    "Infusion",
    "LatentVariableModel",
    "Marginal",
    "SeqVAE",
    "__version__",
    "data",
    "estimators",
    "export",
    "from_preset",
    "load",
    "presets",
    "train",
]


def export(
    model: Model,
    path: str | os.PathLike,
    max_num_steps: int | None = None,
    num_samples: int = 64,
    max_rows: int = 256,
    batch_sizes: tuple[int, ...] = (1, 4, 16, 64),
    png: bool = False,
    jit_batch_sizes: tuple[int, ...] = (),
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
      jit_batch_sizes: XLA compiles the pixel loops of an autoregressive family for these numbers of
        rows. The server must run on CPUs, with --xla_cpu_compilation_enabled=true.

    Returns:
      The version's folder, a pathlib.Path.

    Raises:
      ValueError: max_num_steps, num_samples, max_rows or a batch size is not an integer >= 1, or a
        weight is NaN or infinite.
      OSError: the folder cannot be written.
      ImportError: a module of the user with the name of one of our packages, such as train.py, is
        imported already; the message names it.
    """
    # By its path: a file train.py of the user may be found as `train`, and importing it would run
    # it.
    ours = pathlib.Path(__file__).parents[1] / "train" / "ours.py"
    runpy.run_path(str(ours))["claim"]("train", "configs", "export")
    # Imported late: the package `export` imports this one.
    from export.bundle import write_version
    from export.limits import Limits

    limits = Limits(max_num_steps, num_samples, max_rows, batch_sizes, jit_batch_sizes)
    return write_version(model, path, limits, png=png)


def train(
    model: str | None = None,
    data: str | dict[str, Any] | None = None,
    steps: int | None = None,
    workdir: str | os.PathLike | None = None,
    *,
    verbose: bool = True,
    **settings: Any,
) -> Model:
    """Train a model in a run folder, or resume the run there, as `python -m train.run` does.

    The names and the errors are those of the command line. The settings are its flags, such as
    batch_size, seed, data_dir, strategy and overwrite_config, and the sections of the
    configuration:

        tfgvae.train("vae", steps=200, family="gaussian", train={"learning_rate": 1e-4})
        tfgvae.train(workdir="runs/vae-digits", steps=400)  # goes on

    During training, an interrupt (SIGINT, the stop button of a notebook) saves a checkpoint and
    raises KeyboardInterrupt. The handlers of signals are put back at the end.

    Args:
      model: the name of a recipe, configs.RECIPES. None if `workdir` holds a run.
      data: the name of a data set; or a dict of fields, {"name": ..., "binarize": ...}. None is the
        recipe's.
      steps: training steps of the whole run; None is the recipe's.
      workdir: the run folder; None is runs/MODEL-DATA.
      verbose: whether lines and a progress bar are printed.
      **settings: flags; a part by its name, or by a dict {"name": ..., argument: value}; a section
        of the configuration as a dict; or one field, **{"train.clip_norm": 1.0}.

    Returns:
      The trained model, compiled. With train.ema_momentum it has the averages of its weights.

    Raises:
      ValueError: a wrong argument, or a data set or a folder that cannot be used.
      train.errors.TrainError: the run cannot go on, for example because its loss is not finite.
    """
    # Imported late: the package `train` imports this one.
    from train.notebook import train as run

    return run(verbose, model=model, data=data, steps=steps, workdir=workdir, **settings)

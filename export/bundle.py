"""Write a version folder for TensorFlow Serving. It appears only when it is complete."""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import contextlib
import dataclasses
import errno
import json
import os
import pathlib

import numpy as np
import tensorflow as tf

from export import batching, cost, reference, warmup
from export.calling import call
from export.card import card, described_signatures
from export.layout import CARD, DEFAULT, EXTRA, FILES, REMOVING, WRITING, versions, warmup_path
from export.limits import Limits
from export.signatures import signatures
from tfgvae.messages import reason
from train import unfinished
from train.files import check_name


def _served(functions, variables):
    """The model's variables that the functions read."""
    used = {id(variable) for function in functions.values() for variable in function.variables}
    return [variable for variable in variables if id(variable.value) in used]


def _require_finite(variables):
    """Check that every number of every variable is finite: ValueError if not."""
    for variable in variables:
        values = np.asarray(variable.value, np.float64)
        wrong = np.count_nonzero(~np.isfinite(values))
        if wrong:
            raise ValueError(
                f"expected finite weights, got {wrong} of {values.size} that are NaN or infinite "
                f"in {variable.path}: export another checkpoint"
            )


def _save(functions, variables, folder):
    """Write the SavedModel: a module with only the weights, and the functions."""
    module = tf.Module()
    # A Keras model would be stored with its trackers, seeds and losses.
    module.weights = [variable.value for variable in variables]
    served = {"serving_default": functions[DEFAULT], **functions}
    tf.saved_model.save(module, str(folder), signatures=served)


def _write_extra(folder, name, described, functions, limits, autoregressive):
    batching.write(folder, limits.batch_sizes)
    (folder / EXTRA).mkdir()
    (folder / EXTRA / CARD).write_text(json.dumps(described, indent=2) + "\n")
    warmup.write(warmup_path(folder), name, described["signatures"], limits.warm_up_sizes())
    reference.write(
        folder, described, autoregressive, lambda name, inputs: call(functions[name], inputs)
    )


def _sync(folder):
    """Flush every file of a folder to the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())


@contextlib.contextmanager
def _naming(base):
    """Errors of a full disk name the folder `base`. TensorFlow's name a file that is gone."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        said = getattr(error, "strerror", None) or reason(error).rpartition("; ")[2]
        raise OSError(f"cannot write {base}: {said}; no version was added") from error


def _publish(aside, base):
    """Rename the finished folder to the next version number. No version is ever replaced."""
    while True:
        target = base / str(max(versions(base), default=0) + 1)
        try:
            os.rename(aside, target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            continue  # Another export was faster.
        return target


def _traced(model, limits, png):
    """The signatures, their variables, the limits with a number of steps, and a cost.Cost."""
    chosen = limits.max_num_steps is not None
    if not chosen:
        limits = dataclasses.replace(limits, max_num_steps=cost.MOST_STEPS)
    functions = signatures(model, limits, png)
    variables = _served(functions, model.variables)
    _require_finite(variables)
    described = described_signatures(model, functions)
    step = cost.seconds_per_step(functions, described, limits.batch_sizes[-1])
    if not chosen and (longest := cost.longest_chain(step)) < limits.max_num_steps:
        # The limit is a constant of the graph.
        limits = dataclasses.replace(limits, max_num_steps=longest)
        functions = signatures(model, limits, png)
    return functions, variables, limits, cost.measure(functions, described, limits, step)


def write_version(model, base, limits=None, run=None, png=False):
    """Export a model as the next version of the folder `base`.

    The version is written to a folder whose name is not a number and renamed at the end, so a
    server that watches `base` never sees an incomplete version. An export that fails leaves
    nothing. One that is killed leaves that folder, which servers ignore, and the next export
    removes it: see `train.unfinished`.

    Args:
      model: a model of tfgvae.models.
      base: the model's folder, DIR/NAME; created if it does not exist.
      limits: a limits.Limits; None for the defaults.
      run: the model's run folder, or a train.opened.Opened of it, for the card.
      png: whether signatures that draw images also return them as PNG files.

    Returns:
      The version's folder, a pathlib.Path.

    Raises:
      ValueError: `base` is an empty name, or a weight is NaN or infinite.
      OSError: the folder cannot be written.
    """
    base = _folder(base)
    return _write(model, base, base.name, limits, run, png, _publish)


def write_folder(model, folder, limits=None):
    """Export a model as one SavedModel at `folder` itself, which appears only when it is complete.

    Args:
      model: a model of tfgvae.models.
      folder: must not exist, or be empty.
      limits: a limits.Limits; None for the defaults.

    Returns:
      The folder, an absolute pathlib.Path.

    Raises:
      ValueError: as in write_version.
      OSError: the folder is not empty, or cannot be written.
    """
    folder = _folder(folder)
    _require_empty(folder)
    # As in DIR/NAME/1: a number is a version of the model that its parent names.
    name = folder.parent.name if folder.name.isdecimal() else folder.name

    def place(aside, _):
        os.rename(aside, folder)
        return folder

    return _write(model, folder.parent, name, limits, None, False, place)


def _folder(path):
    if not os.fspath(path):
        raise ValueError("expected the folder of a model, got an empty name")
    folder = pathlib.Path(path).absolute()
    check_name("the folder of a model", folder)
    return folder


def _require_empty(folder):
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FileExistsError(
            f"{folder} exists and is not an empty folder: name another one, or use "
            "tfgvae.export(model, folder), which writes the next version in a folder"
        )


def _write(model, base, name, limits, run, png, place):
    """Write an export aside, in `base`, and then `place` it: place(aside, base) -> its path."""
    functions, variables, limits, costs = _traced(model, limits or Limits(), png)
    described = card(model, functions, limits, costs, run)
    base.mkdir(parents=True, exist_ok=True)
    for prefix in (WRITING, REMOVING):
        unfinished.remove_left(base, prefix, FILES)
    with _naming(base), unfinished.new_folder(base, WRITING) as aside:
        _save(functions, variables, aside)
        _write_extra(aside, name, described, functions, limits, not model.family.has_mean)
        _sync(aside)
        return place(aside, base)

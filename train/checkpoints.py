"""Checkpoints of a run. The last few are kept; a run resumes from the newest undamaged one.

A checkpoint is one `.keras` file with the model and the optimizer. It is written in
checkpoints/.writing, flushed to the disk and then renamed, so that a file with a checkpoint's name
is always complete.
"""

import json
import os
import pathlib
import shutil
import zipfile

import keras
import numpy as np

from tfgvae import runs
from tfgvae.messages import reason
from train import optimizers
from train.errors import TrainError


class CheckpointError(TrainError):
    """A checkpoint cannot be written or read."""


def _flush(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class ForeignCheckpoint(CheckpointError):
    """A checkpoint of something else than this run: no step is done."""

    exit_code = 2


class Checkpoints:
    """The checkpoints of one run folder.

    Args:
      folder: the run folder.
      keep: how many to keep, >= 1.
    """

    def __init__(self, folder, keep):
        if keep < 1:
            raise ValueError(f"keep must be >= 1, got {keep}")
        self.folder = pathlib.Path(folder)
        self.keep = keep
        self._writing = self.folder / "checkpoints" / ".writing"

    def clean(self):
        """Remove the incomplete files of a process that was killed."""
        shutil.rmtree(self._writing, ignore_errors=True)

    def newest(self, say=print):
        """(step, path) of the newest undamaged checkpoint, or None; damaged ones are renamed.

        Raises:
          CheckpointError: there are checkpoints and all are damaged.
        """

        def set_aside(path, damage):
            try:
                path.rename(path.with_name(path.name + ".damaged"))
                say(f"Damaged checkpoint, renamed to {path.name}.damaged: {path}: {damage}")
            except OSError:
                say(f"Damaged checkpoint, skipped: {path}: {damage}")

        try:
            return runs.newest_whole(self.folder, set_aside)
        except ValueError as error:
            raise CheckpointError(
                f"{error}\nNothing is left to resume from: give another --workdir, or start again "
                "in this one."
            ) from error

    def save(self, model, step):
        """Write the checkpoint of `step` and remove the oldest beyond `keep`.

        Raises:
          CheckpointError: a variable of the model or of the optimizer is not finite, or the disk is
            full or cannot be written. Earlier checkpoints stay as they were.
        """
        saved = (*model.variables, *model.optimizer.variables)
        bad = [v.path for v in saved if not np.all(np.isfinite(v.numpy()))]
        if bad:
            raise CheckpointError(
                f"step {step}: no checkpoint written, {len(bad)} variables are not finite, the "
                f"first is {bad[0]}; {self.describe_last()}"
            )
        path = runs.checkpoint_path(self.folder, step)
        try:
            self._write(model, path)
        except Exception as error:  # h5py raises its own kinds when the disk is full.
            self.clean()
            raise CheckpointError(
                f"step {step}: cannot write the checkpoint {path}: {error}; {self.describe_last()}"
            ) from error
        for _, old in runs.checkpoints(self.folder)[: -self.keep]:
            old.unlink(missing_ok=True)

    def _write(self, model, path):
        self._writing.mkdir(parents=True, exist_ok=True)
        temporary = self._writing / path.name
        model.save(temporary)
        damage = runs.damage(temporary)
        if damage:
            raise OSError(damage)
        _flush(temporary)
        os.replace(temporary, path)
        _flush(path.parent)
        self.clean()

    def describe_last(self):
        """A clause that names the last good checkpoint."""
        for _, path in reversed(runs.checkpoints(self.folder)):
            if runs.damage(path) is None:
                return f"the last good checkpoint is {path}"
        return "there is no earlier checkpoint"

    def restore(self, model, path, step):
        """Load weights and optimizer state of `path` into a compiled, built model, exactly.

        Keras keeps the learning rate as state of the optimizer; here the configuration's learning
        rate stays.

        Raises:
          CheckpointError: the file belongs to another model or optimizer.
        """
        inner = optimizers.inner(model.optimizer)
        rate = inner.get_config()["learning_rate"]
        try:
            model.load_weights(path)
        except Exception as error:
            raise ForeignCheckpoint(
                f"{path} does not fit the model of this configuration: {reason(error)}"
            ) from error
        taken = optimizers.steps_taken(model.optimizer)
        # Keras skips state that does not match and only warns.
        if taken != step:
            raise ForeignCheckpoint(
                f"{path} does not fit the optimizer of this configuration: its step is {taken}, "
                f"expected {step}"
            )
        if not isinstance(rate, dict):  # A schedule is a function of the step, not state.
            inner.learning_rate = rate

    def fixed_network(self, path):
        """The network of the fixed q of a checkpoint's model, or None if the model has none.

        It has new weights until `restore` loads those of the checkpoint. The classifier's own file
        is not needed.

        Raises:
          CheckpointError: the file holds something else than a model of tfgvae.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                saved = json.loads(archive.read("config.json"))["config"]
            network = saved.get("inference", {}).get("config", {}).get("network")
            return network and keras.saving.deserialize_keras_object(network)
        except Exception as error:  # A file of another program can raise anything.
            raise ForeignCheckpoint(
                f"{path} does not hold the model of this run: {reason(error)}"
            ) from error

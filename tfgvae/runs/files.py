"""The checkpoints of a run folder: where they are, whether they are whole, which one it gives.

A checkpoint is one file, checkpoints/step_00000100.keras: a zip archive. It is whole if its
checksums are right and all its numbers are finite.
"""

import io
import logging
import os
import pathlib
import re
import zipfile
from collections.abc import Callable

from tfgvae.runs.records import read_config

CHECKPOINT = re.compile(r"step_(\d{8,})\.keras")
# A second name of the checkpoint that a run with train.select = "best" gives.
BEST = re.compile(r"best_(\d{8,})\.keras")


def checkpoint_path(folder: str | os.PathLike, step: int) -> pathlib.Path:
    """Where the checkpoint of training step `step` is: a pathlib.Path."""
    return pathlib.Path(folder) / "checkpoints" / f"step_{step:08d}.keras"


def checkpoints(folder: str | os.PathLike) -> list[tuple[int, pathlib.Path]]:
    """The checkpoint files of a run folder, whole or not: [(step, path)], oldest first."""
    return _numbered(folder, CHECKPOINT)


def best_path(folder: str | os.PathLike, step: int) -> pathlib.Path:
    """Where the best checkpoint is, if it is that of training step `step`."""
    return pathlib.Path(folder) / "checkpoints" / f"best_{step:08d}.keras"


def best_checkpoints(folder: str | os.PathLike) -> list[tuple[int, pathlib.Path]]:
    """The best checkpoint of a run that keeps it: [(step, path)], whole or not, or [].

    A process that is killed while it replaces the file may leave two; the newer one is the best.
    """
    return _numbered(folder, BEST)


def _numbered(folder, name):
    found = []
    for path in (pathlib.Path(folder) / "checkpoints").glob("*.keras"):
        match = name.fullmatch(path.name)
        if match:
            found.append((int(match[1]), path))
    return sorted(found)


def damage(path: str | os.PathLike) -> str | None:
    """What is wrong with a checkpoint file, as a string, or None when it is whole.

    A file with a weight or an optimizer moment that is not finite is damaged, too.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
            if bad:
                return f"wrong checksum of {bad}"
            missing = {"config.json", "model.weights.h5"} - set(archive.namelist())
            if missing:
                return f"no {', '.join(sorted(missing))} in it"
            return _bad_numbers(archive.read("model.weights.h5"))
    except Exception as error:  # Damage to the directory of an archive shows in many ways.
        return str(error) or type(error).__name__


def _bad_numbers(weights):
    """What is wrong with the numbers of a weights file (its bytes), as a string, or None."""
    import h5py
    import numpy as np

    def check(name, stored):
        if not isinstance(stored, h5py.Dataset):
            return None
        if stored.nbytes > len(weights):  # Reading would allocate what is not in the file.
            return f"{name} is larger than the file"
        # Strings are no weights; integers are always finite.
        if stored.dtype.kind in "fc" and not np.all(np.isfinite(stored[()])):
            return f"{name} is not finite"
        return None

    with h5py.File(io.BytesIO(weights)) as file:
        return file.visititems(check)


def newest_whole(
    folder: str | os.PathLike, on_damage: Callable[[pathlib.Path, str], None]
) -> tuple[int, pathlib.Path] | None:
    """The newest whole checkpoint of a run folder.

    Args:
      folder: the run folder.
      on_damage: called as on_damage(path, reason) for each damaged file that is skipped.

    Returns:
      (step, path), or None when there is no checkpoint file at all.

    Raises:
      ValueError: every checkpoint is damaged; the message names them.
    """
    found = checkpoints(folder)
    damaged = []
    for step, path in reversed(found):
        reason = damage(path)
        if reason is None:
            return step, path
        damaged.append(f"{path} ({reason})")
        on_damage(path, reason)
    if damaged:
        raise ValueError(f"every checkpoint is damaged: {'; '.join(damaged)}")
    return None


def _report(path, reason):
    logging.getLogger(__name__).warning("skipped damaged checkpoint %s: %s", path, reason)


def find(
    folder: str | os.PathLike,
    step: int | None = None,
    on_damage: Callable[[pathlib.Path, str], None] = _report,
) -> tuple[int, pathlib.Path]:
    """The checkpoint that a run folder gives: (step, path).

    Args:
      folder: the run folder.
      step: a training step; None for the best checkpoint if the run's train.select is "best", else,
        or if it is damaged, for the newest whole one.
      on_damage: called as on_damage(path, reason) for each damaged file that is skipped.

    Raises:
      FileNotFoundError: no checkpoint, or none of this step.
      ValueError: the checkpoint of `step`, or every one, is damaged.
    """
    if step is None:
        found = _best_whole(folder, on_damage) or newest_whole(folder, on_damage)
        if found is None:
            raise FileNotFoundError(f"no checkpoint in {folder}/checkpoints")
        return found
    known = dict(best_checkpoints(folder)) | dict(checkpoints(folder))
    if step not in known:
        raise FileNotFoundError(f"no checkpoint of step {step} in {folder}; have: {sorted(known)}")
    reason = damage(known[step])
    if reason:
        raise ValueError(f"{known[step]} is damaged: {reason}")
    return step, known[step]


def _best_whole(folder, on_damage):
    """(step, path) of the best checkpoint of a run that selects it, or None."""
    train = (read_config(folder) or {}).get("train")
    if not isinstance(train, dict) or train.get("select") != "best":
        return None
    for step, path in reversed(best_checkpoints(folder)):
        reason = damage(path)
        if reason is None:
            return step, path
        on_damage(path, reason)
    return None

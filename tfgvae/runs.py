"""A run folder: config.json, metrics.jsonl, checkpoints/, samples/, tensorboard/. Reading it.

A checkpoint is one file, checkpoints/step_00000100.keras: a zip archive. It is whole if its
checksums are right and all its numbers are finite.
"""

import io
import json
import logging
import os
import pathlib
import re
import zipfile
from collections.abc import Callable
from typing import Any

from tfgvae import registry
from tfgvae.types import Model

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


def read_config(folder: str | os.PathLike) -> dict[str, Any] | None:
    """config.json of a run folder as a dict, or None when there is none.

    Raises:
      ValueError: the file is not JSON, or not a dict.
    """
    path = pathlib.Path(folder) / "config.json"
    config = read_json(path)
    if config is not None and not isinstance(config, dict):
        raise ValueError(f"{path} must be the configuration of a run, a JSON object")
    return config


def read_json(path: pathlib.Path) -> Any:
    """What a file holds, or None when there is none.

    Raises:
      ValueError: the file is not JSON.
    """
    try:
        return _parse(path.read_bytes(), path)
    except FileNotFoundError:
        return None


def _parse(content, where):
    try:
        return json.loads(content.decode())
    # Not JSON, not UTF-8, or nested too deeply.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} is not JSON: {error}") from error


def read_metrics(folder: str | os.PathLike) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl as a list of dicts; a last line cut short is left out.

    Raises:
      ValueError: another line is not JSON, or has no step and split; the message names it.
    """
    path = pathlib.Path(folder) / "metrics.jsonl"
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break
        row = _parse(line, f"{path}, line {number},")
        if not (
            isinstance(row, dict)
            and isinstance(row.get("step"), int)
            and isinstance(row.get("split"), str)
        ):
            raise ValueError(
                f'{path}, line {number}, must be a JSON object with "step", a number, and "split"'
            )
        rows.append(row)
    return rows


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


def _put_averages(model, path):
    """Replace the weights of a checkpoint's model by their averages, if it has averages."""
    import h5py

    with zipfile.ZipFile(path) as archive:
        compiled = json.loads(archive.read("config.json")).get("compile_config")
        ours = CHECKPOINT.fullmatch(path.name) or BEST.fullmatch(path.name)
        if not compiled and not ours:
            return  # A file without optimizer, which no run writes.
        options = compiled["optimizer"]["config"]
        scaling = "inner_optimizer" in options
        options = options["inner_optimizer"]["config"] if scaling else options
        if not options["use_ema"]:
            return
        weights = io.BytesIO(archive.read("model.weights.h5"))
    # Keras numbers an optimizer's variables: the step, the learning rate unless a schedule gives
    # it, the averages, the moments. A loss scaling has 5 before them: two that it does not use,
    # the skipped steps, the steps since the scale changed, the scale.
    first = (5 if scaling else 0) + (1 if isinstance(options["learning_rate"], dict) else 2)
    with h5py.File(weights) as file:
        stored = file["optimizer/vars"]
        for number, variable in enumerate(model.trainable_variables, first):
            variable.assign(stored[str(number)][()])


def load(folder: str | os.PathLike, step: int | None = None) -> Model:
    """The trained model of a run folder, or the model of a `.keras` file.

    A run with train.ema_momentum keeps averages of its weights beside them, and gives a model with
    the averages. A run with a mixed precision gives a model that computes in float32: its weights
    are float32. The weights and the precision of the training are in the model of
    `keras.models.load_model(tfgvae.runs.checkpoint_path(folder, step), compile=False)`.

    Args:
      folder: a folder that `python -m train.run` made; or a file that `model.save` wrote.
      step: the training step to load; None for the newest whole checkpoint, or for the best one if
        the run's train.select is "best". A file has no steps.

    Returns:
      A model of tfgvae.models, not compiled. The modules that the run's flag --import named are
      imported first: they have the classes of the user's own parts.

    Raises:
      FileNotFoundError: no such folder or file, not a run folder, or no such checkpoint.
      ValueError: the checkpoint of `step`, or every one, is damaged, or it holds something else
        than a model of tfgvae; or a module of the run is missing. The message names files.
    """
    folder = pathlib.Path(folder)
    if folder.is_file():
        if step is not None:
            raise ValueError(f"{folder} is one file, it has no steps: got step = {step}")
        bad = damage(folder)
        if bad:
            raise ValueError(f"{folder} cannot be loaded: {bad}")
        return _load_file(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}")
    if (folder / "card.json").is_file():
        raise ValueError(f"{folder} is a preset: use tfgvae.from_preset")
    config = read_config(folder)
    if config is None:
        raise FileNotFoundError(f"{folder} is not a run folder: it has no config.json")
    registry.bring_in(config.get("imports") or (), folder / "config.json")
    return _load_file(find(folder, step)[1])


def _load_file(path):
    """The model of a `.keras` file, with the averages of its weights if it has them."""
    import keras

    from tfgvae import precision, weights
    from tfgvae.messages import reason
    from tfgvae.models import LatentVariableModel  # Registers the classes that the file names.

    try:
        with weights.limited():
            model = keras.models.load_model(path, compile=False)
    except Exception as error:  # A file of another program can raise anything.
        raise ValueError(f"{path} cannot be loaded: {reason(error)}") from error
    if not isinstance(model, LatentVariableModel):
        raise ValueError(f"{path} must hold a model of tfgvae, got a {type(model).__name__}")
    try:
        _put_averages(model, path)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} has no optimizer that tfgvae writes: {error!r}") from error
    return precision.in_float32(model)

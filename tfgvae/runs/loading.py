"""The model of a run folder, or of a `.keras` file."""

import io
import json
import os
import pathlib
import zipfile

from tfgvae import registry
from tfgvae.runs.files import BEST, CHECKPOINT, damage, find
from tfgvae.runs.records import read_config
from tfgvae.types import Model


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
    model = _load_file(find(folder, step)[1])
    if config.get("prior_fit"):  # Fitted by train.fit_prior: see tfgvae.priors.fitting.
        model.latent_prior.trainable = False
    return model


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

"""model_card.json: the served model, its training data, its metrics and its limits."""

import dataclasses
import datetime
import importlib.metadata
import os

import keras

from export import runtimes
from export.layout import DATA_RANGE, DEFAULT, IMAGES, accepted
from tfgvae import runs
from tfgvae.families.pixelcnn_pp import PixelCNNPP
from tfgvae.regularizers.none import is_untied
from train import configuration
from train.portable import portable

LIBRARIES = ("tfgvae", "tensorflow", "keras", "tensorflow-probability", "numpy")
# Parts of a model by their names in the card, and the attributes that hold them.
PARTS = {
    "family": "family",
    "mapping": "mapping",
    "inference": "inference",
    "regularizer": "regularizer",
    "prior": "latent_prior",
    "corruption": "corruption",
}


def _version(library):
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:  # Used from a clone, not installed.
        return None


def _tensors(named):
    return {
        name: {"dtype": tensor.dtype.name, "shape": tensor.shape.as_list()}
        for name, tensor in sorted(named.items())
    }


def _range(model):
    """The range of pixels that signatures accept: [lowest, highest]."""
    return [float(end) for end in model.family.draw_range]


def described_signatures(model, functions):
    """The types of the signatures: {name: {"inputs", "outputs"}}."""
    described = {}
    for name, function in functions.items():
        (specs, _) = function.structured_input_signature
        described[name] = {
            "inputs": _tensors({spec.name: spec for spec in specs}),
            "outputs": _tensors(function.structured_outputs),
        }
        for key in set(IMAGES) & set(described[name]["inputs"]):
            pixels = {"range": _range(model), "data_range": DATA_RANGE}
            described[name]["inputs"][key].update(pixels)
    return described


def notes(model, limits):
    """Notes for users of the model: a list of sentences."""
    latents = model.has_latents
    possible = [
        (
            True,
            "A row of an answer depends only on its own inputs and its own seed. "
            + runtimes.DRAWS_SENTENCE,
        ),
        (model.family.has_mean and model.family.discrete, runtimes.ROUNDING_SENTENCE),
        (not model.family.has_mean, runtimes.AUTOREGRESSIVE_SENTENCE),
        (True, runtimes.TESTED_SENTENCE),
        (isinstance(model.family, PixelCNNPP), runtimes.ONEDNN_SENTENCE),
        (limits.jit_batch_sizes, runtimes.xla_sentence(limits.jit_batch_sizes)),
        (
            is_untied(model),
            "This model has no regularizer, so q(z) may differ from p(z): ancestral samples do not "
            "follow the data. Use gibbs_sample or gibbs_from_noise.",
        ),
        (
            not model.family.has_mean,
            "The family draws pixel by pixel and has no mean in closed form: no signature returns "
            "E[x|z].",
        ),
        (not latents, "The model has no latent: it cannot encode, decode or reconstruct."),
        (not latents, "log_likelihood is log p(x) itself, in nats."),
        (
            latents,
            "log_likelihood is the importance-weighted bound on log p(x) with "
            f"{limits.num_samples} draws, in nats.",
        ),
        (True, f"A request has at most {limits.max_rows} rows, a limit set at export."),
        (latents, f"num_steps is at most {limits.max_num_steps}, a limit set at export."),
        (
            model.has_codes,
            "interpolate gives num_steps images of the path from image_a to image_b, at most "
            f"{limits.max_path_steps}. A row with fewer than another row of the request repeats "
            "its last image.",
        ),
        (
            not model.family.discrete,
            "The family is a density: log_likelihood is a log-density on the [0, 1] scale, and "
            "samples may lie outside [0, 1].",
        ),
        (True, f"In every signature that takes images, {accepted({'range': _range(model)})}"),
        (model.num_classes, f"label is the class of a row, 0..{model.num_classes - 1}."),
    ]
    return [sentence for holds, sentence in possible if holds]


def _model(model):
    described = {"name": type(model).__name__, "image_shape": list(model.image_shape)}
    described["latent_shape"] = list(model.latent_shape)
    described["num_classes"] = model.num_classes
    for name, attribute in PARTS.items():
        if hasattr(model, attribute):
            described[name] = type(getattr(model, attribute)).__name__
    described["parameters"] = model.count_params()
    described["config"] = keras.saving.serialize_keras_object(model)["config"]
    return described


def of_run(folder, step):
    """The part of the card that comes from a run folder.

    Args:
      folder: the run folder.
      step: the training step of the model.

    Returns:
      {"data", "run_config", "metrics": {split: the last row at or before `step`}}. Paths of this
      machine are left out.
    """
    config = portable(runs.read_config(folder))
    metrics = {row["split"]: row for row in runs.read_metrics(folder) if row["step"] <= step}
    return {"data": config["data"], "run_config": config, "metrics": metrics}


def of_opened(opened):
    """The same part for a preset or a file; the metrics of a preset are on its own card."""
    config = portable(configuration.as_json(opened.config))
    return {"data": config["data"], "run_config": config, "metrics": {}}


def _limits(limits):
    sizes = {name: list(getattr(limits, name)) for name in ("batch_sizes", "jit_batch_sizes")}
    return dataclasses.asdict(limits) | sizes


def card(model, functions, limits, costs=None, run=None):
    """The card as a dict for JSON.

    Args:
      model: the model.
      functions: the result of signatures.signatures.
      limits: a limits.Limits.
      costs: a cost.Cost, or None if nothing was measured.
      run: the run folder; or a train.opened.Opened of something else; or None.
    """
    step = int(model.train_batches)
    origin = {"data": None, "run_config": None, "metrics": {}}
    if run is not None:
        origin = of_run(run, step) if isinstance(run, (str, os.PathLike)) else of_opened(run)
    return {
        "model": _model(model),
        "training_step": step,
        **origin,
        "notes": notes(model, limits),
        "limits": _limits(limits),
        "measured": None if costs is None else dataclasses.asdict(costs),
        "costs": [] if costs is None else costs.sentences(),
        "pixels": {"range": _range(model), "data_range": DATA_RANGE, "dtype": "float32"},
        "runtimes": {
            "image": runtimes.IMAGE,
            "tested": [f"tensorflow {version}" for version in runtimes.TESTED],
            "oldest_recommended": f"tensorflow {runtimes.OLDEST}",
        },
        "default_signature": DEFAULT,
        "signatures": described_signatures(model, functions),
        "libraries": {library: _version(library) for library in LIBRARIES},
        "exported_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }

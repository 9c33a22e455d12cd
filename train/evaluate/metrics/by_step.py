"""The images of every step of a sequential VAE: their error, sharpness and distance to the data."""

import itertools

import numpy as np
import tensorflow as tf

from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.frechet import frechet_distance
from tfgvae.estimators.sharpness import laplacian_variance
from train import pictures
from train.evaluate.section import Curve, NotApplicable, Picture, Plot, Section

MEANINGS = {
    "squared_error": "Squared difference between a test image and E[x({t}) | z], z ~ q(z|x)",
    "laplacian_variance": "Variance of the Laplacian of samples of step {t}; low if blurred",
    "frechet": "Frechet distance from samples of step {t} to the test images",
}


def reconstructed(model, images, rows, label=None):
    """E[x(t) | z(1..t)] of every step, z ~ q(z|x): [N, T, H, W, C].

    Args:
      model: a SeqVAE.
      images: [N, H, W, C].
      rows: the seed of each image, [N].
      label: int [N], for a model with classes.
    """
    z = model.encode(images, rows)
    chain = model.likelihood_chain(z, label)
    return tf.stack([model.family.mean(params) for params in chain], axis=1)


def squared_errors(model, images, rows, label=None):
    """|x - E[x(t) | z(1..t)]|^2 of every step: [N, T]. The arguments of `reconstructed`."""
    found = reconstructed(model, images, rows, label)
    return np.square(found - images[:, None]).sum(axis=(2, 3, 4))


def by_step(context):
    """How the image improves from step to step of a sequential VAE."""
    if not hasattr(context.model, "likelihood_chain"):
        raise NotApplicable("This model has no steps with an image each.")
    errors = _errors(context)
    drawn = context.samples("steps")
    measures = {
        "squared_error": [Estimate.of_mean(step, unit="per image") for step in errors.T],
        "laplacian_variance": [
            Estimate.of_mean(laplacian_variance(drawn[:, t]), unit="")
            for t in range(drawn.shape[1])
        ],
    }
    section = Section()
    try:
        measures["frechet"] = _distances(context, drawn)
    except NotApplicable as why:
        section.notes.append(f"No Frechet distances: {why}")
    for name, estimates in measures.items():
        for t, estimate in enumerate(estimates, 1):
            section.add(f"{name}_step_{t}", estimate, f"{MEANINGS[name].format(t=t)}.")
        section.plots.append(_plot(name, estimates))
    section.sentences.append(_sentence(measures))
    rows = drawn[: context.setting("grid")]
    caption = "Samples. Each row is one sample, and each column is one step."
    section.pictures.append(Picture("steps", caption, pictures.grid(rows)))
    return section


def _errors(context):
    images, labels = context.images(), context.labels()
    rows = context.rows("by_step", len(images))

    def of(start, end):
        label = None if labels is None else labels[start:end]
        return squared_errors(context.model, images[start:end], rows[start:end], label)

    return context.mapped(of, len(images))


def _distances(context, drawn):
    data, seed = context.features("data"), context.seed_of("frechet/by_step")
    return [
        frechet_distance(context.embed(drawn[:, t]), data, seed=seed) for t in range(drawn.shape[1])
    ]


def _plot(name, estimates):
    steps = list(range(1, len(estimates) + 1))
    curve = Curve(
        name.replace("_", " "),
        steps,
        [estimate.value for estimate in estimates],
        [estimate.standard_error for estimate in estimates],
    )
    return Plot(f"{curve.name.capitalize()} by step", "step", curve.name, [curve])


def _sentence(measures):
    name = "frechet" if "frechet" in measures else "squared_error"
    values = [estimate.value for estimate in measures[name]]
    if len(values) == 1:
        return "This chain has one step."
    what = "samples are nearer to the data" if name == "frechet" else "reconstructions are nearer"
    better = sum(after < before for before, after in itertools.pairwise(values))
    return f"In {better} of {len(values) - 1} steps {what} than in the step before."

"""How many latent dimensions the model uses."""

import math

import numpy as np

from tfgvae.estimators.active_units import active_units as estimator
from tfgvae.estimators.estimate import Estimate
from train.evaluate.section import Curve, Plot, Section

THRESHOLD = 0.01  # Burda et al. 2016


def active_units(context):
    """How many numbers of z depend on the image."""
    context.require_mean()
    images = context.images("num_codes")
    found = estimator(context.model, images, THRESHOLD, progress=context.progress)
    total = math.prod(context.model.latent_shape)
    section = Section()
    section.add(
        "active",
        found.count,
        f"Latent dimensions whose mean has a variance above {THRESHOLD} over images.",
    )
    section.add("latents", Estimate(total, kind="exact", unit="units"), "All latent dimensions.")
    active = int(found.count.value)
    are = "is" if active == 1 else "are"
    section.sentences.append(f"{active} of {total} latent dimensions {are} in use.")
    order = np.argsort(found.covariance, axis=None)[::-1]
    curve = Curve(
        "Var E[z|x]",
        list(range(1, total + 1)),
        found.covariance.ravel()[order],
        found.standard_error.ravel()[order],
        "points",
    )
    section.plots.append(
        Plot(
            "Variance over images of each latent's mean",
            "latent dimension, sorted",
            "variance of E[z|x]",
            [curve],
            {f"threshold {THRESHOLD}": THRESHOLD},
            y_scale="log",
        )
    )
    return section

"""Fit a prior to codes z ~ q(z) of a trained model (Prop. 3: if p(z) = q(z), ancestral samples are
right).

    mixture   Gaussians with full covariances, by expectation maximisation (scikit-learn)
    flow      a masked autoregressive flow, by maximum likelihood
"""

import inspect
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.priors.base import Prior
from tfgvae.priors.flow import Flow
from tfgvae.priors.mixture import Mixture
from tfgvae.registry import lookup
from tfgvae.types import Model, Shape

# Every tenth code is held out, to measure the fit.
HELD_OUT = 10
_BATCH = 256
MOST_COMPONENTS = 30


def _components(count, latent_dim):
    """(K, covariance) of a mixture that `count` codes determine.

    A full covariance has Z (Z + 1) / 2 numbers. With 10 numbers of the codes for each of them, a
    component needs 5 (Z + 3) codes. Fewer give components that only know their own codes.
    """
    components = count // (5 * (latent_dim + 3))
    return min(max(components, 1), MOST_COMPONENTS), "full" if components else "diag"


def _mixture(z, image_shape, seed, components=None, covariance=None, iterations=100):
    from sklearn.mixture import GaussianMixture  # Slow to import.

    usual = _components(*z.shape)
    components = usual[0] if components is None else components
    covariance = usual[1] if covariance is None else covariance
    checks.integer("components", components, 1, len(z))
    checks.choice("covariance", covariance, ("diag", "full"))
    least = 1e-5 * float(np.var(z, axis=0).mean())
    found = GaussianMixture(
        components,
        covariance_type=covariance,
        max_iter=checks.integer("iterations", iterations, 1),
        reg_covar=least,
        random_state=seed % 2**32,
    ).fit(z)
    # Codes may be closer to each other than the usual floor.
    floor = min(1e-3, max(0.1 * least**0.5, 1e-6))
    prior = Mixture(z.shape[1], image_shape, components, min_stddev=floor, covariance=covariance)
    prior.build()
    prior.assign(found.weights_, found.means_, found.covariances_)
    return prior


def _flow(z, image_shape, seed, transforms=5, hidden=(128, 128), steps=3000, learning_rate=1e-3):
    prior = Flow(z.shape[1], image_shape, transforms, hidden, standardize=True)
    prior.build()
    prior.assign(z.mean(0), np.maximum(z.std(0), 1e-6))
    steps = checks.integer("steps", steps, 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        checks.real("learning_rate", learning_rate, above=0), steps
    )
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=10.0)
    optimizer.build(prior.trainable_variables)
    data = tf.data.Dataset.from_tensor_slices(z.astype(np.float32))
    data = data.shuffle(len(z), seed=seed % 2**31).repeat().batch(min(_BATCH, len(z)))

    @tf.function
    def step(codes):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(prior.distribution(prior).log_prob(codes))
        gradients = tape.gradient(loss, [v.value for v in prior.trainable_variables])
        optimizer.apply(gradients, prior.trainable_variables)

    for codes in data.take(steps):
        step(codes)
    return prior


FITS = {"flow": _flow, "mixture": _mixture}


def refusal(model: Model) -> str | None:
    """Why no prior can be fitted to the codes of a model; None if one can."""
    if not model.has_latents:
        return "this model has no latents, so it has no prior"
    if len(model.latent_shape) > 1:
        return (
            "the z of this model is a chain of steps; a prior can be fitted where z is one vector, "
            "as in gvae"
        )
    return None


def fit(
    z: np.ndarray, image_shape: Shape, name: str, seed: int, **options: Any
) -> tuple[Prior, np.ndarray]:
    """A prior fitted to codes, which a later training does not change.

    Args:
      z: codes [N, Z].
      image_shape: (H, W, C) of the model.
      name: a name in FITS.
      seed: of the start of the fit, and of its batches.
      **options: of the fit. "mixture": components, covariance ("full" or "diag"), iterations; by
        default a component for each 5 (Z + 3) codes, at most 30, and "diag" with fewer codes.
        "flow": transforms, hidden, steps, learning_rate.

    Returns:
      (the prior, its log-density at the codes that were held out).

    Raises:
      ValueError: an unknown name, fewer than 20 codes, codes that are not finite, or an option out
        of range.
      TypeError: an unknown option.
    """
    function = lookup(FITS, name, "fitted prior")
    known = list(inspect.signature(function).parameters)[3:]
    for option in options:
        if option not in known:
            raise TypeError(f"the fitted prior {name!r} takes no {option}; it takes: {known}")
    if len(z) < 2 * HELD_OUT:
        raise ValueError(f"expected at least {2 * HELD_OUT} images, got {len(z)}")
    if not np.isfinite(z).all():
        raise ValueError("expected finite codes, got some that are NaN or infinite")
    held_out = np.arange(len(z)) % HELD_OUT == 0
    prior = function(z[~held_out], image_shape, seed, **options)
    prior.trainable = False
    log_density = prior.distribution(prior).log_prob(tf.constant(z[held_out], tf.float32))
    return prior, log_density.numpy()

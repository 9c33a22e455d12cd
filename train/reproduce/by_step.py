"""Measures of every step of a sequential VAE: error, sharpness, distance to the data, variance.

Prop. 5's expected posterior variance is E_q(z(1..t)) [sum_i Var_q(x|z(1..t))[x_i]], which must fall
with t. x(t-1) is a function of z(1..t-1), so conditioning on z(1..t) is conditioning on the inputs
of step t.

q(x|z) is that of the empirical distribution of `num_data` images; its variance is near 0 if a code
distinguishes them. The squared error of x(t) is an upper bound on the variance of the population,
with equality at the optimal f (Prop. 4).
"""

import functools

import numpy as np
import tensorflow_probability as tfp

from tfgvae import seeds
from tfgvae.distributions.divergence import is_gaussian
from tfgvae.estimators.batching import in_parts
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.frechet import frechet_distance
from tfgvae.estimators.posterior_variance import posterior_variance
from tfgvae.estimators.sharpness import laplacian_variance
from train.evaluate.metrics.by_step import squared_errors

tfd = tfp.distributions
BATCH = 250


def first_steps(model, count):
    """q(z(1..t)|x), t = count, of a model whose steps have independent q: a function of images."""

    def posterior(x):
        q = model.posterior(x).distribution
        return tfd.Independent(tfd.Normal(q.loc[:, :count], q.scale[:, :count]), 2)

    return posterior


def samples(model, count, seed):
    """E[x(t) | z] of every step, z ~ p(z): [N, T, H, W, C]."""

    def drawn(rows):
        return model.sample_chain(len(rows), seed=rows, mean=True)

    return in_parts(drawn, seeds.rows(seed, count), batch_size=BATCH)


def measure(model, test, training, settings, seed, features=None):
    """Measure every step.

    Args:
      model: a SeqVAE.
      test: images [N, H, W, C] for the error; as many samples are drawn.
      training: images for the posterior variance, which is measured where q is a Gaussian: with a
        conditional prior, q(z|x) would have to walk the chain for each pair of a code and an image.
      settings: figure4.Settings.
      seed: of all draws.
      features: a function from images to features for the Frechet distance, or None.

    Returns:
      (one dict for each step, samples [N, T, H, W, C]).
    """
    error_seed, sample_seed, z_seed = (int(s) for s in seeds.split(seed, 3))
    noise = seeds.rows(error_seed, len(test))
    errors = in_parts(functools.partial(squared_errors, model), test, noise, batch_size=BATCH)
    drawn = samples(model, len(test), sample_seed)
    data = None if features is None else features(test)
    codes = None
    if is_gaussian(model.posterior(test[:1])):
        known = training[: settings.num_draws]
        codes = in_parts(model.encode, known, seeds.rows(z_seed, len(known)), batch_size=BATCH)
    rows = []
    for t in range(1, model.latent_shape[0] + 1):
        sharpness = laplacian_variance(drawn[:, t - 1])
        row = {
            "step": t,
            "squared_error": Estimate.of_mean(errors[:, t - 1], unit=""),
            "laplacian_variance": Estimate.of_mean(sharpness, unit=""),
        }
        if data is not None:
            row["frechet_distance"] = frechet_distance(features(drawn[:, t - 1]), data)
        if codes is not None:
            q = first_steps(model, t)
            variance = posterior_variance(model, training, codes[:, :t], posterior=q)
            row["posterior_variance"] = Estimate.of_mean(variance.total, unit="")
            row["effective_sample_size"] = float(np.mean(variance.effective_sample_size))
        rows.append(row)
    return rows, drawn

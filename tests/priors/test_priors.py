"""Priors: densities that integrate to 1, draws from noise that follow them, special cases."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tests.conformance import components
from tfgvae import GVAE, seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.inference import Gaussian
from tfgvae.priors import PRIORS, Flow, Mixture, Vamp

IMAGE = (8, 8, 1)
every = pytest.mark.parametrize("key", components.PRIORS)


def build(key, latent_dim=2):
    """A prior with random weights, and its distribution under a small Gaussian q."""
    given = {"latent_dim": latent_dim, "image_shape": IMAGE}
    with seeds.initialization(0):
        inference = Gaussian(latent_dim, IMAGE, trunk="mlp", dense=(6,))
        inference.build()
        prior = components.build(PRIORS, components.PRIORS, key, **given)
        prior.build()
    for number, weight in enumerate(prior.trainable_variables):
        weight.assign_add(0.2 * seeds.batch_normal(number, 1, weight.shape)[0])
    return prior, prior.distribution(inference)


@every
def test_a_density_integrates_to_one(key):
    _, p = build(key)
    line = np.linspace(-9, 9, 601, dtype=np.float32)
    grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    total = np.exp(p.log_prob(grid)).sum() * (line[1] - line[0]) ** 2
    np.testing.assert_allclose(total, 1, atol=2e-3)


@every
def test_draws_follow_the_density(key):
    """Of N draws the share in a box against its probability, with a binomial standard error."""
    _, p = build(key)
    count = 20000
    z = from_noise(p, seeds.batch_normal(1, count, (2,)))
    low, high = np.quantile(z, [0.2, 0.7], axis=0)
    inside = ((z >= low) & (z <= high)).numpy().all(axis=1).mean()
    axes = [np.linspace(a, b, 201, dtype=np.float32) for a, b in zip(low, high, strict=True)]
    middle = [(axis[1:] + axis[:-1]) / 2 for axis in axes]
    cell = np.prod([axis[1] - axis[0] for axis in axes])
    grid = np.stack(np.meshgrid(*middle), -1).reshape(-1, 2)
    expected = np.exp(p.log_prob(grid)).sum() * cell
    # The box is made of the draws' own quantiles: it moves the share by another 1 / sqrt(N).
    assert abs(inside - expected) < 5 * np.sqrt(0.25 / count) + 2 / np.sqrt(count)


@every
def test_every_weight_has_a_gradient_from_the_density(key):
    prior, _ = build(key)
    inference = Gaussian(2, IMAGE, trunk="mlp", dense=(6,))
    inference.build()
    z = seeds.batch_normal(3, 7, (2,))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(prior.distribution(inference).log_prob(z))
    for weight, gradient in zip(
        prior.trainable_variables, tape.gradient(loss, prior.trainable_variables), strict=True
    ):
        assert gradient is not None and np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path


def test_a_mixture_of_one_standard_component_is_the_normal():
    prior = Mixture(3, IMAGE, components=1, spread=0.0)
    prior.build()
    p, noise = prior.distribution(None), seeds.batch_normal(0, 50, (3,))
    # softplus_one(0) + min_stddev is the deviation.
    np.testing.assert_allclose(p.from_noise(noise), 1.001 * noise, rtol=1e-3, atol=1e-3)
    expected = scipy.stats.norm(scale=1.001).logpdf(noise).sum(1)
    np.testing.assert_allclose(p.log_prob(noise), expected, rtol=1e-4)


def test_the_moments_of_a_mixture_are_its_draws():
    _, p = build("mixture")
    z = p.from_noise(seeds.batch_normal(1, 40000, (2,))).numpy()
    error = z.std(0) / 200
    assert (abs(z.mean(0) - np.asarray(p.mean())) < 5 * error).all()
    kurtosis = scipy.stats.kurtosis(z, axis=0) + 2
    assert (abs(z.var(0) - np.asarray(p.variance())) < 5 * z.var(0) * np.sqrt(kurtosis) / 200).all()


def test_a_vamp_prior_is_the_mean_of_the_posteriors_of_its_images():
    inference = Gaussian(2, IMAGE, trunk="mlp", dense=(6,))
    inference.build()
    prior = Vamp(2, IMAGE, components=4)
    prior.build()
    z = seeds.batch_normal(0, 5, (2,))
    q = inference.distribution(prior.pseudo_inputs)
    expected = scipy.special.logsumexp(q.log_prob(z[:, None]), axis=1) - np.log(4)
    np.testing.assert_allclose(prior.distribution(inference).log_prob(z), expected, rtol=1e-4)


def test_a_new_flow_is_the_standard_normal():
    prior = Flow(3, IMAGE, transforms=3)
    prior.build()
    p, z = prior.distribution(None), seeds.batch_normal(0, 5, (3,))
    np.testing.assert_allclose(p.log_prob(z), scipy.stats.norm.logpdf(z).sum(1), rtol=1e-5)


@pytest.mark.parametrize("name", sorted(set(PRIORS) - {"inference", "normal"}))
def test_what_a_prior_does_not_go_with_is_refused(name):
    options = {"image_shape": IMAGE, "latent_dim": 2, "prior": name, "mapping": "mlp"}
    with pytest.raises(ValueError, match="has the prior p"):
        GVAE(**options, inference="naive")
    with pytest.raises(ValueError, match=r"compares q\(z\) with N\(0, I\)"):
        GVAE(**options, regularizer="moments")


def test_a_vamp_prior_refuses_another_q():
    model = GVAE(IMAGE, 2, prior="vamp", inference="flow", mapping="mlp")
    with pytest.raises(ValueError, match="needs a diagonal Gaussian"):
        model.prior()

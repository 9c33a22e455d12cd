"""What every P must do: a normalised density, samples that follow it, honest gradients."""

import itertools
import math

import components
import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import seeds
from tfgvae.families import FAMILIES

ALL = sorted(components.FAMILIES)
DISCRETE = [k for k in ALL if FAMILIES[k.split("-")[0]].discrete]
CONTINUOUS = [k for k in ALL if k not in DISCRETE]
IMAGE = (2, 3, 3)


def build(key, image_shape=IMAGE):
    family = components.build(FAMILIES, components.FAMILIES, key)
    family.build((None, *family.params_shape(image_shape)))
    return family


def parameters(family, batch, image_shape=IMAGE, spread=1.0, seed=0):
    shape = (batch, *family.params_shape(image_shape))
    return family.constrain(spread * seeds.batch_normal(seed, batch, shape[1:]))


def num_levels(family):
    return getattr(family, "levels", 2)


@pytest.mark.parametrize("key", DISCRETE)
@pytest.mark.parametrize("spread", [1.0, 8.0])
def test_probabilities_of_all_images_sum_to_one(key, spread):
    family = build(key, (1, 2, 1))
    levels = np.linspace(0, 1, num_levels(family), dtype=np.float32)
    images = np.array(list(itertools.product(levels, levels)), np.float32).reshape(-1, 1, 2, 1)
    params = parameters(family, 1, (1, 2, 1), spread)
    log_prob = family.log_prob(images, tf.repeat(params, len(images), 0)).numpy().astype(np.float64)
    assert np.isfinite(log_prob).all()
    # 65536 terms of float32 logarithms, each with a relative error of some 1e-6.
    np.testing.assert_allclose(np.exp(log_prob).sum(), 1, atol=2e-5)


@pytest.mark.parametrize("key", CONTINUOUS)
def test_density_integrates_to_one(key):
    family = build(key, (1, 1, 1))
    x = np.linspace(-8, 9, 20001, dtype=np.float32)
    params = parameters(family, 1, (1, 1, 1))
    log_prob = family.log_prob(x.reshape(-1, 1, 1, 1), tf.repeat(params, len(x), 0)).numpy()
    np.testing.assert_allclose(np.trapezoid(np.exp(log_prob.astype(np.float64)), x), 1, atol=1e-5)


@pytest.mark.parametrize("key", ALL)
def test_log_prob_is_that_of_the_distribution(key):
    family = build(key)
    params = parameters(family, 4)
    x = family.snap(seeds.batch_uniform(1, 4, IMAGE))
    distribution = family.distribution(params)
    assert distribution.event_shape == IMAGE and distribution.batch_shape == (4,)
    np.testing.assert_allclose(family.log_prob(x, params), distribution.log_prob(x), rtol=2e-5)
    assert family(params, x=x).shape == (4,)


@pytest.mark.parametrize("key", ALL)
def test_sampled_mean_is_the_mean(key):
    """Within 5 standard errors of the mean of n draws, and half a level where documented."""
    family, n = build(key), 4000
    params = parameters(family, 1)
    noise = seeds.batch_uniform(2, n, family.noise_shape(IMAGE))
    x = family.sample(tf.repeat(params, n, 0), noise).numpy()
    assert x.shape == (n, *IMAGE)
    error = np.abs(x.mean(0) - family.mean(params)[0].numpy())
    slack = 0.5 / (num_levels(family) - 1) if key.startswith("discretized") else 1e-6
    assert (error < 5 * x.std(0) / math.sqrt(n) + slack).all()


@pytest.mark.parametrize("key", DISCRETE)
def test_samples_follow_the_probabilities(key):
    """Chi-square of the counts over levels of one sub-pixel, at a tail of exp(-12.5).

    Laurent and Massart (2000): P(X >= d + 2 sqrt(d t) + 2 t) <= exp(-t) for d degrees of freedom.
    """
    family, n = build(key, (1, 1, 1)), 20000
    params = parameters(family, 1, (1, 1, 1))
    noise = seeds.batch_uniform(3, n, (1, 1, 1))
    x = family.sample(tf.repeat(params, n, 0), noise).numpy().ravel()
    levels = num_levels(family)
    counts = np.bincount(np.round(x * (levels - 1)).astype(int), minlength=levels)
    grid = np.linspace(0, 1, levels, dtype=np.float32).reshape(-1, 1, 1, 1)
    expected = n * np.exp(family.log_prob(grid, tf.repeat(params, levels, 0)).numpy())
    # Cells with few expected draws are pooled: chi-square is an approximation there.
    order = np.argsort(expected)
    cells, pooled = [], np.zeros(2)
    for i in order:
        pooled += counts[i], expected[i]
        if pooled[1] >= 5:
            cells.append(pooled)
            pooled = np.zeros(2)
    observed, expected = np.array(cells).T
    statistic, degrees = ((observed - expected) ** 2 / expected).sum(), max(len(cells) - 1, 1)
    assert statistic < degrees + 2 * math.sqrt(degrees * 12.5) + 25


@pytest.mark.parametrize("key", ALL)
def test_gradient_of_log_prob_by_finite_differences(key):
    family = build(key)
    raw = seeds.batch_normal(4, 1, family.params_shape(IMAGE))
    x = family.snap(seeds.batch_uniform(5, 1, IMAGE))

    def log_prob(raw):
        return family.log_prob(x, family.constrain(raw))

    (exact,), (numeric,) = tf.test.compute_gradient(log_prob, [raw], delta=2e-2)
    # Central differences: h^2 f''' / 6 from the step, eps |f| / h from rounding.
    rounding = 1e-7 * np.abs(log_prob(raw)).max() / 2e-2
    np.testing.assert_allclose(exact, numeric, atol=5e-3 + 20 * rounding, rtol=2e-2)


@pytest.mark.parametrize("key", ALL)
def test_parameters_are_a_convex_set(key):
    """The gate of a chain interpolates parameters: the result must be a distribution too."""
    family = build(key)
    a, b = parameters(family, 2, spread=5, seed=1), parameters(family, 2, spread=5, seed=2)
    x = family.snap(seeds.batch_uniform(6, 2, IMAGE))
    for gate in (0.0, 0.3, 1.0):
        assert np.isfinite(family.log_prob(x, gate * a + (1 - gate) * b)).all()
        mean = family.mean(gate * a + (1 - gate) * b).numpy()
        if getattr(family, "link", None) != "identity":
            assert (mean >= 0).all() and (mean <= 1).all()


@pytest.mark.parametrize("key", ALL)
def test_snap_gives_images_of_the_support(key):
    family = build(key)
    x = family.snap(seeds.batch_normal(7, 3, IMAGE))
    np.testing.assert_array_equal(family.snap(x), x)
    assert (x.numpy() >= 0).all() and (x.numpy() <= 1).all()


@pytest.mark.parametrize("key", ALL)
def test_config_round_trip(key):
    family = build(key)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(family))
    copy.build((None, *family.params_shape(IMAGE)))
    params = parameters(family, 2)
    x = family.snap(seeds.batch_uniform(8, 2, IMAGE))
    np.testing.assert_array_equal(copy.log_prob(x, params), family.log_prob(x, params))


@pytest.mark.parametrize("key", ALL)
def test_bits_per_dim_of_the_uniform_distribution_is_eight(key):
    """256 equal levels cost ln 256 nats a sub-pixel; the uniform density on [0, 1] costs 0."""
    family = build(key)
    nats = math.log(256) if family.discrete else 0.0
    assert family.bits_per_dim(nats * math.prod(IMAGE), IMAGE) == pytest.approx(8.0)

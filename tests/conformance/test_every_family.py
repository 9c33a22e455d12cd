"""Every P: a normalised density, samples that follow it, correct gradients."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance import components
from tfgvae import seeds
from tfgvae.families import FAMILIES

ALL = sorted(components.FAMILIES)
DISCRETE = [k for k in ALL if FAMILIES[k.split("-")[0]].discrete]
CONTINUOUS = [k for k in ALL if k not in DISCRETE]
WITH_MEAN = [k for k in ALL if FAMILIES[k.split("-")[0]].has_mean]
IMAGE = (2, 3, 3)


def quick(keys):
    """Keys for `parametrize`. The network with a map takes long, and is the other in one layer."""
    slow = pytest.mark.slow
    return [pytest.param(k, marks=slow if k == "pixelcnn_pp-map" else ()) for k in keys]


def build(key, image_shape=IMAGE):
    family = components.build(FAMILIES, components.FAMILIES, key)
    with seeds.initialization(0):
        family.build((None, *family.params_shape(image_shape)), (None, *image_shape))
    return family


def parameters(family, batch, image_shape=IMAGE, spread=1.0, seed=0):
    shape = (batch, *family.params_shape(image_shape))
    return family.constrain(spread * seeds.batch_normal(seed, batch, shape[1:]))


def all_images(family, image_shape):
    """Every image of a discrete family: [levels^D, H, W, C]."""
    grid = np.linspace(0, 1, family.levels, dtype=np.float32)
    pixels = itertools.product(grid, repeat=math.prod(image_shape))
    return np.array(list(pixels), np.float32).reshape(-1, *image_shape)


def log_probs(family, x, params):
    """log p of many images [N, H, W, C] under one row of parameters: float64 [N]."""
    return family.log_prob(x, tf.repeat(params, len(x), 0)).numpy().astype(np.float64)


@pytest.mark.parametrize("key", quick(DISCRETE))
@pytest.mark.parametrize("spread", [1.0, 8.0])
def test_probabilities_of_all_images_sum_to_one(key, spread):
    family = build(key, (1, 2, 1))
    params = parameters(family, 1, (1, 2, 1), spread)
    log_prob = log_probs(family, all_images(family, (1, 2, 1)), params)
    assert np.isfinite(log_prob).all()
    # 65536 terms of float32 logarithms, each with a relative error of some 1e-6.
    np.testing.assert_allclose(np.exp(log_prob).sum(), 1, atol=2e-5)


@pytest.mark.parametrize("key", quick(CONTINUOUS))
def test_density_integrates_to_one(key):
    family = build(key, (1, 1, 1))
    x = np.linspace(-8, 9, 20001, dtype=np.float32)
    params = parameters(family, 1, (1, 1, 1))
    log_prob = log_probs(family, x.reshape(-1, 1, 1, 1), params)
    np.testing.assert_allclose(np.trapezoid(np.exp(log_prob), x), 1, atol=1e-5)


@pytest.mark.parametrize("key", quick(ALL))
def test_log_prob_is_that_of_the_distribution(key):
    family = build(key)
    params = parameters(family, 4)
    x = family.snap(seeds.batch_uniform(1, 4, IMAGE))
    distribution = family.distribution(params)
    assert distribution.event_shape == IMAGE and distribution.batch_shape == (4,)
    np.testing.assert_allclose(family.log_prob(x, params), distribution.log_prob(x), rtol=2e-5)
    assert family(params, x=x).shape == (4,)


@pytest.mark.parametrize("key", quick(WITH_MEAN))
def test_sampled_mean_is_the_mean(key):
    """Within 5 standard errors of the mean of n draws, and half a level where documented."""
    family, n = build(key), 4000
    params = parameters(family, 1)
    noise = seeds.batch_uniform(2, n, family.noise_shape(IMAGE))
    x = family.sample(tf.repeat(params, n, 0), noise).numpy()
    assert x.shape == (n, *IMAGE)
    error = np.abs(x.mean(0) - family.mean(params)[0].numpy())
    slack = 0.5 / (family.levels - 1) if key.startswith("discretized") else 1e-6
    assert (error < 5 * x.std(0) / math.sqrt(n) + slack).all()


@pytest.mark.parametrize("key", sorted(set(ALL) - set(WITH_MEAN)))
def test_no_mean_is_an_error_that_says_so(key):
    family = build(key)
    with pytest.raises(NotImplementedError, match="no mean in closed form"):
        family.mean(parameters(family, 1))


def countable(shapes, most=1000):
    """[(key, shape)] where a discrete family has at most `most` images of that shape."""
    levels = {k: components.build(FAMILIES, components.FAMILIES, k).levels for k in DISCRETE}
    cases = [(k, s) for k in DISCRETE for s in shapes if levels[k] ** math.prod(s) <= most]
    # A network with scales takes long to trace.
    slow = [case for case in cases if "pp" in case[0]]
    return [pytest.param(*c, marks=pytest.mark.slow if c in slow else ()) for c in cases]


@pytest.mark.parametrize(("key", "image_shape"), countable([(1, 1, 1), (2, 2, 1), (1, 1, 3)]))
def test_samples_follow_the_probabilities(key, image_shape):
    """Chi-square of the counts over all images, at a tail of exp(-12.5).

    Laurent and Massart (2000): P(X >= d + 2 sqrt(d t) + 2 t) <= exp(-t) for d degrees of freedom.
    """
    family, n = build(key, image_shape), 20000
    levels, size = family.levels, math.prod(image_shape)
    params = parameters(family, 1, image_shape)
    noise = seeds.batch_uniform(3, n, family.noise_shape(image_shape))
    x = family.sample(tf.repeat(params, n, 0), noise).numpy().reshape(n, size)
    places = levels ** np.arange(size)[::-1]
    drawn = np.round(x * (levels - 1)).astype(int) @ places
    counts = np.bincount(drawn, minlength=levels**size)
    expected = n * np.exp(log_probs(family, all_images(family, image_shape), params))
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


@pytest.mark.parametrize("key", quick(ALL))
def test_differences_of_log_prob_are_the_integral_of_its_gradient(key):
    """f(a + d) - f(a) = the mean of <gradient, d> over the segment, by the midpoint rule.

    With n points its error is f''' / 24 n^2 where f is smooth, and at most the jump of the slope
    over 2 n where a rectifier bends it: a finite difference there is wrong by the jump itself.
    """
    family, n = build(key), 256
    x = tf.repeat(family.snap(seeds.batch_uniform(5, 1, IMAGE)), n, 0)
    start, *directions = seeds.batch_normal(4, 6, family.params_shape(IMAGE))
    middles = ((tf.range(n, dtype=tf.float32) + 0.5) / n)[:, None, None, None]
    for direction in 0.3 * tf.stack(directions):
        points = start + middles * direction
        with tf.GradientTape() as tape:
            tape.watch(points)
            log_prob = family.log_prob(x, family.constrain(points))
        slopes = tf.reduce_sum(tape.gradient(log_prob, points) * direction, axis=[1, 2, 3])
        ends = family.log_prob(x[:2], family.constrain(tf.stack([start, start + direction])))
        rounding = 1e-6 * np.abs(log_prob).max()
        atol = 4e-3 * np.abs(slopes).max() + rounding
        np.testing.assert_allclose(ends[1] - ends[0], tf.reduce_mean(slopes), atol=atol, rtol=0)


@pytest.mark.parametrize("key", quick(ALL))
def test_parameters_are_a_convex_set(key):
    """The gate of a chain interpolates parameters: the result must be a distribution too."""
    family = build(key)
    a, b = parameters(family, 2, spread=5, seed=1), parameters(family, 2, spread=5, seed=2)
    x = family.snap(seeds.batch_uniform(6, 2, IMAGE))
    for gate in (0.0, 0.3, 1.0):
        assert np.isfinite(family.log_prob(x, gate * a + (1 - gate) * b)).all()
        if family.has_mean and getattr(family, "link", None) != "identity":
            mean = family.mean(gate * a + (1 - gate) * b).numpy()
            assert (mean >= 0).all() and (mean <= 1).all()


@pytest.mark.parametrize("key", quick(ALL))
def test_snap_gives_images_of_the_support(key):
    family = build(key)
    x = family.snap(seeds.batch_normal(7, 3, IMAGE))
    np.testing.assert_array_equal(family.snap(x), x)
    assert (x.numpy() >= 0).all() and (x.numpy() <= 1).all()


@pytest.mark.parametrize("key", quick(ALL))
def test_config_round_trip(key):
    family = build(key)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(family))
    copy.build((None, *family.params_shape(IMAGE)), (None, *IMAGE))
    copy.set_weights(family.get_weights())
    params = parameters(family, 2)
    x = family.snap(seeds.batch_uniform(8, 2, IMAGE))
    np.testing.assert_array_equal(copy.log_prob(x, params), family.log_prob(x, params))


@pytest.mark.parametrize("key", quick(ALL))
def test_bits_per_dim_of_the_uniform_distribution_is_eight(key):
    """256 equal levels cost ln 256 nats per sub-pixel; the uniform density on [0, 1] costs 0."""
    family = build(key)
    nats = math.log(256) if family.discrete else 0.0
    assert family.bits_per_dim(nats * math.prod(IMAGE), IMAGE) == pytest.approx(8.0)

"""Special cases and edges of single families."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgvae import seeds
from tfgvae.distributions.discretized_logistic import log_interval
from tfgvae.families import (
    Bernoulli,
    Categorical,
    DiscretizedLogistic,
    Gaussian,
    PixelCNN,
    PixelCNNPP,
)


def test_categorical_with_two_levels_is_bernoulli():
    logits = seeds.batch_normal(0, 3, (2, 2, 1))
    pair = tf.concat([tf.zeros_like(logits), logits], -1)
    x = tf.round(seeds.batch_uniform(1, 3, (2, 2, 1)))
    two = Categorical(levels=2)
    np.testing.assert_allclose(two.log_prob(x, pair), Bernoulli().log_prob(x, logits), rtol=1e-5)
    np.testing.assert_allclose(two.mean(pair), Bernoulli().mean(logits), rtol=1e-5)


def test_default_gaussian_is_the_2_norm():
    x, mean = seeds.batch_uniform(0, 4, (3, 3, 1)), seeds.batch_uniform(1, 4, (3, 3, 1))
    squared_error = tf.reduce_sum((x - mean) ** 2, axis=[1, 2, 3])
    expected = squared_error + 9 / 2 * math.log(math.pi)
    np.testing.assert_allclose(-Gaussian().log_prob(x, mean), expected, rtol=1e-5)


def test_discretized_logistic_matches_scipy_in_the_bulk():
    levels, mean, scale = 256, 0.4, 0.1
    x = np.arange(levels) / (levels - 1)
    law = stats.logistic(mean, scale)
    half = 0.5 / (levels - 1)
    upper = np.where(x == 1, 1, law.cdf(x + half))
    lower = np.where(x == 0, 0, law.cdf(x - half))
    ours = log_interval(
        tf.constant(x, tf.float32), tf.constant(mean), tf.math.log(tf.constant(scale)), levels
    )
    np.testing.assert_allclose(ours, np.log(upper - lower), rtol=1e-4)


@pytest.mark.parametrize("mean", [-20.0, -0.01, 0.5, 1.01, 20.0])
@pytest.mark.parametrize("log_scale", [-7.0, -2.0, 5.0])
def test_discretized_logistic_is_finite_in_the_tails(mean, log_scale):
    x = tf.linspace(0.0, 1.0, 256)
    mean, log_scale = tf.constant(mean), tf.constant(log_scale)
    with tf.GradientTape() as tape:
        tape.watch([mean, log_scale])
        log_prob = log_interval(x, mean, log_scale, 256)
    assert np.isfinite(log_prob).all()
    assert np.isfinite(tape.gradient(log_prob, [mean, log_scale])).all()
    np.testing.assert_allclose(np.exp(log_prob.numpy().astype(np.float64)).sum(), 1, atol=1e-4)


def test_discretized_logistic_mean_is_within_half_a_level():
    family = DiscretizedLogistic(levels=16)
    params = family.constrain(3 * seeds.batch_normal(0, 50, (2, 2, 2)))
    grid = tf.linspace(0.0, 1.0, 16)
    exact = sum(x * tf.exp(family.distribution(params).distribution.log_prob(x)) for x in grid)
    assert np.abs(exact - family.mean(params)).max() <= 0.5 / 15


def test_noise_at_the_ends_of_the_interval_gives_finite_samples():
    ends = tf.constant([0.0, 1.0 - 2.0**-24], shape=[2, 1, 1, 1])
    for family in (Bernoulli(), Gaussian(), Categorical(levels=4), DiscretizedLogistic()):
        params = family.constrain(tf.zeros([2, *family.params_shape((1, 1, 1))]))
        assert np.isfinite(family.sample(params, ends)).all()


def test_learned_scales_start_at_the_given_one():
    for learned in ("global", "pixel"):
        family = Gaussian(scale=0.3, learned=learned, min_scale=0.05)
        shape = family.params_shape((1, 1, 1))
        family.build((None, *shape))
        params = family.constrain(tf.zeros([1, *shape]))
        np.testing.assert_allclose(family.distribution(params).stddev(), 0.3, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Categorical(levels=1), "levels must be an integer from 2 to 256, got 1"),
        (lambda: DiscretizedLogistic(levels=257), "got 257"),
        (lambda: Gaussian(scale=0), "scale must be finite and > 0, got 0"),
        (lambda: Gaussian(scale=math.nan), "scale must be finite and > 0, got nan"),
        (lambda: Gaussian(min_scale=math.nan), "min_scale must be finite and > 0, got nan"),
        (lambda: Categorical(levels=4.0), "levels must be an integer"),
        (lambda: DiscretizedLogistic(min_log_scale=math.inf), "min_log_scale must be a finite"),
        (lambda: Gaussian(learned="row"), "'row'"),
        (lambda: Gaussian(link="tanh"), "'tanh'"),
        (lambda: Gaussian(scale=0.01, learned="global", min_scale=0.1), "min_scale = 0.1"),
        (lambda: PixelCNN(levels=1), "levels must be an integer from 2 to 256, got 1"),
        (lambda: PixelCNN(kernel_size=4), "kernel_size must be odd, got 4"),
        (lambda: PixelCNN(kernel_size=1), "kernel_size must be an integer >= 3, got 1"),
        (lambda: PixelCNN(num_blocks=-1), "num_blocks must be an integer >= 0"),
        (lambda: PixelCNN(condition="scalar"), "condition must be one of vector, map"),
        (lambda: PixelCNN(features=0), "features must be an integer >= 1"),
        (lambda: PixelCNN(filters=8).build((None, 1, 1, 64), (None, 8, 8, 3)), "multiple of the 3"),
        (lambda: PixelCNNPP(num_scales=0), "num_scales must be an integer >= 1"),
        (lambda: PixelCNNPP(num_mixtures=0), "num_mixtures must be an integer >= 1"),
        (lambda: PixelCNNPP(dropout=1), "dropout must be < 1"),
        (lambda: PixelCNNPP(dropout=-0.1), "dropout must be from 0 to 1, got -0.1"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()

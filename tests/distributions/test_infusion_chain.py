"""The infusion chain in one pixel, where its law is two mixtures of two normals, one after another.

z(0) ~ (1 - a0) N(m, r^2) + a0 N(x, s^2)
z(1) ~ (1 - a1) N(b + c z(0), d^2) + a1 N(x, s^2)
"""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from tfgvae import seeds
from tfgvae.distributions.infusion_chain import InfusionChain

tfd = tfp.distributions

M, R, B, C, D, S = 0.3, 0.2, 0.1, 0.5, 0.3, 0.05
X = np.array([0.7, -0.2], np.float32)
SHAPE = (2, 1, 1, 1)


def chain(x=X, rates=(0.25, 0.6)):
    start = tfd.Normal(tf.fill(SHAPE[1:], M), R)
    if x is not None:
        x = tf.reshape(x, [-1, *SHAPE[1:]])
    steps = [lambda z: tfd.Normal(B + C * z, D)]
    return InfusionChain(start, steps, SHAPE, x=x, rates=rates, stddev=S)


def state(t, z, x, rates):
    """Density and distribution function of z(t), given the state before where there is one."""
    mean, stddev = (M, R) if t == 0 else (B + C * z[0], D)
    own, infused, a = stats.norm(mean, stddev), stats.norm(x, S), rates[t]
    return (
        lambda v: (1 - a) * own.pdf(v) + a * infused.pdf(v),
        lambda v: (1 - a) * own.cdf(v) + a * infused.cdf(v),
    )


@pytest.mark.parametrize("rates", [(0.25, 0.6), (0.0, 0.6), (1.0, 0.3), (0.0, 0.0)])
def test_log_prob_is_that_of_the_mixtures(rates):
    z = np.random.default_rng(0).normal(0.4, 0.2, size=(2, 2)).astype(np.float32)
    found = chain(rates=rates).log_prob(z.reshape(2, *SHAPE))
    for n, x in enumerate(X.astype(np.float64)):
        row = z[n].astype(np.float64)
        expected = sum(np.log(state(t, row, x, rates)[0](row[t])) for t in range(2))
        np.testing.assert_allclose(found[n], expected, rtol=1e-4, atol=1e-4)


def test_the_density_integrates_to_one():
    grid = np.arange(-2.0, 2.5, 0.01, np.float32)
    z = np.stack(np.meshgrid(grid, grid, indexing="ij"), -1).reshape(-1, 1, *SHAPE)
    # [number of z, number of x]: every z under every chain.
    density = np.exp(chain().log_prob(z).numpy().astype(np.float64))
    assert density.shape == (len(grid) ** 2, 2)
    # The trapezoidal rule is exact for a normal whose deviation is 5 steps, to exp(-2 pi^2 25).
    np.testing.assert_allclose(density.sum(0) * 0.01**2, 1, atol=1e-4)


@pytest.mark.parametrize("rates", [(0.25, 0.6), (0.9, 0.001), (0.0, 1.0)])
def test_draws_have_the_distribution_function_of_the_mixtures(rates):
    """Of N evenly spread uniforms each part of a mixture gets its share, within 1 / N."""
    num = 1000
    even = tf.math.ndtri((np.arange(num, dtype=np.float32) + 0.5) / num)
    for t in range(2):
        noise = np.full((num, 2), 0.4, np.float32)
        noise[:, t] = even
        infused = chain(np.repeat(X[:1], num), rates)
        z = infused.from_noise(noise.reshape(-1, *SHAPE)).numpy().reshape(num, 2)
        cdf = state(t, z[0].astype(np.float64), float(X[0]), rates)[1]
        statistic = stats.kstest(z[:, t].astype(np.float64), cdf).statistic
        assert statistic < 2 / num + 1e-4


def test_no_noise_is_too_large():
    noise = tf.constant([-30.0, -6.0, 6.0, 30.0])
    noise = tf.tile(noise[:, None, None, None, None], [1, *SHAPE])
    for rates in ((0.25, 0.6), (0.0, 1.0), (1.0, 0.0)):
        assert np.isfinite(chain(np.full(4, 0.5, np.float32), rates).from_noise(noise)).all()


def test_without_infusion_it_is_the_generative_chain():
    noise = seeds.batch_normal(0, 2, SHAPE)
    infused, generative = chain(rates=(0.0, 0.0)), chain(x=None)
    z, pixels = infused.walk(noise)
    np.testing.assert_array_equal(z, generative.from_noise(noise))
    np.testing.assert_array_equal(infused.log_prob(z), generative.log_prob(z))
    np.testing.assert_array_equal(infused.log_ratio(z, pixels), [0, 0])
    # N(m, r^2) at its own noise: the quantile of a float32 uniform is exact to some 1e-6.
    np.testing.assert_allclose(z[:, 0], M + R * noise[:, 0], atol=1e-5)


def test_wholly_infused_states_are_the_image():
    noise = seeds.batch_normal(0, 2, SHAPE)
    z = chain(rates=(1.0, 1.0)).from_noise(noise)
    np.testing.assert_allclose(z, X.reshape(2, 1, 1, 1, 1) + S * noise, atol=1e-5)


def test_the_ratio_is_that_of_the_two_chains():
    infused = chain()
    z, pixels = infused.walk(seeds.batch_normal(0, 2, SHAPE))
    expected = infused.log_prob(z) - chain(x=None).log_prob(z)
    np.testing.assert_allclose(infused.log_ratio(z, pixels), expected, atol=1e-5)


@pytest.mark.parametrize(("x", "shape"), [(X, (3, 2, *SHAPE)), (None, (3, *SHAPE))])
def test_samples_have_the_shape_of_the_batch(x, shape):
    drawn = chain(x)
    z = drawn.sample(3, seed=(1, 2))
    assert z.shape == shape and drawn.log_prob(z).shape == shape[: -len(SHAPE)]
    np.testing.assert_array_equal(drawn.sample(3, seed=(1, 2)), z)

"""The mixture of discretised logistics: enumeration, float64 closed forms, exact draws."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfgvae import seeds
from tfgvae.families.discretized_logistic import DiscretizedLogisticDistribution
from tfgvae.families.logistic_mixture import (
    MIN_LOG_SCALE,
    log_prob,
    params_per_pixel,
    sample,
    unpack,
)

SPACES = [(1, 256), (2, 7), (3, 5)]  # channels, levels
MIXTURES = 3
LAST = 1.0 - 2.0**-24  # the largest float32 below 1


def raw_rows(logits, means, log_scales, coefficients=()):
    """One row of raw outputs from its parts, one value or M values a parameter."""
    parts = [logits, *means, *log_scales, *coefficients]
    return tf.constant(np.stack(np.broadcast_arrays(*parts)).reshape(1, -1), tf.float32)


def normal_raw(channels, seed, spread=1.0):
    return spread * seeds.batch_normal(seed, 1, (params_per_pixel(channels, MIXTURES),))


def all_pixels(channels, levels):
    grid = np.linspace(0, 1, levels, dtype=np.float32)
    return np.array(list(itertools.product(grid, repeat=channels)), np.float32)


def exact_level(k, mean, scale, levels):
    """ln P(level k) in float64, on the [-1, 1] scale."""
    law, half = stats.logistic(mean, scale), 1 / (levels - 1)
    centre = 2 * k * half - 1
    if k == 0:
        return law.logcdf(centre + half)
    if k == levels - 1:
        return law.logsf(centre - half)
    # The difference of the smaller two of the tails: no cancellation, no underflow.
    if centre < mean:
        large, small = law.logcdf(centre + half), law.logcdf(centre - half)
    else:
        large, small = law.logsf(centre - half), law.logsf(centre + half)
    return large + np.log(-np.expm1(small - large))


def exact_log_prob(x, raw, levels, num_mixtures):
    """log p of one pixel [C] from raw outputs [K]: the equations, term by term, in float64."""
    channels, m = len(x), num_mixtures
    rows = np.asarray(raw, np.float64).reshape(-1, m)
    means, log_scales = rows[1 : 1 + channels], rows[1 + channels : 1 + 2 * channels]
    coefficients = iter(np.tanh(rows[1 + 2 * channels :]))
    ks = np.round(np.asarray(x, np.float64) * (levels - 1))
    joint = rows[0] - special.logsumexp(rows[0])
    for c in range(channels):
        mean = means[c].copy()
        for earlier in range(c):
            mean += next(coefficients) * (2 * ks[earlier] / (levels - 1) - 1)
        scale = np.exp(np.maximum(log_scales[c], MIN_LOG_SCALE))
        joint += [exact_level(ks[c], mean[i], scale[i], levels) for i in range(m)]
    return special.logsumexp(joint)


def test_parameters_are_counted_and_unpacked_in_order():
    assert [params_per_pixel(c, 5) for c in (1, 2, 3)] == [15, 30, 50]
    raw = tf.reshape(tf.range(-40.0, 40.0), [2, 2, 20])
    logits, means, log_scales, coefficients = unpack(raw, 3, 2)
    np.testing.assert_array_equal(logits, raw[..., :2])
    np.testing.assert_array_equal(means, tf.reshape(raw[..., 2:8], [2, 2, 3, 2]))
    floored = tf.reshape(tf.maximum(raw[..., 8:14], -7.0), [2, 2, 3, 2])
    np.testing.assert_array_equal(log_scales, floored)
    np.testing.assert_array_equal(coefficients, tf.reshape(tf.tanh(raw[..., 14:]), [2, 2, 3, 2]))


@pytest.mark.parametrize(("channels", "levels"), SPACES)
@pytest.mark.parametrize("case", ["moderate", "wide", "far", "sharp"])
def test_probabilities_of_all_pixels_sum_to_one(channels, levels, case):
    """Within the rounding of the boundaries of levels, which two neighbours evaluate apart.

    A boundary is x + d/2 - mean, from three roundings of at most 2^-25 on [0, 1]: 1e-7 with the
    one of the mean, times 1/s <= 2 e^7 = 2193 gives 2e-4 of the standard logistic. Its density is
    at most 1/4, both neighbours err, and at the smallest scale one boundary per channel is near the
    mean: 1e-4 a channel. At scales of order one the logarithms' relative 1e-6 is what remains.
    """
    spread = 8.0 if case == "wide" else 1.0
    raw = normal_raw(channels, 0, spread)
    rows = raw.numpy().reshape(-1, MIXTURES)
    if case == "far":
        rows[1 : 1 + channels] = [-1e4, 1e4, 1.5]
    if case in ("far", "sharp"):
        rows[1 + channels : 1 + 2 * channels] = MIN_LOG_SCALE
    x = all_pixels(channels, levels)
    nats = log_prob(x, tf.constant(rows.reshape(1, -1)), levels, MIXTURES)
    assert nats.shape == [len(x)] and np.isfinite(nats).all()
    atol = 1e-5 if case == "moderate" else 1e-4 * channels
    np.testing.assert_allclose(np.exp(nats.numpy().astype(np.float64)).sum(), 1, atol=atol)


def test_one_component_of_one_channel_is_the_discretized_logistic():
    raw = tf.reshape(3 * seeds.batch_normal(1, 50, (3,)), [50, 1, 3])
    x = all_pixels(1, 256)
    law = DiscretizedLogisticDistribution(
        0.5 * raw[..., 1] + 0.5, tf.maximum(raw[..., 2], -7.0) - math.log(2.0), 256
    )
    np.testing.assert_array_equal(log_prob(x, raw, 256, 1), law.log_prob(x[:, 0]))


@pytest.mark.parametrize("mean", [-1e4, -1.2, 0.3, 1.001, 1e4])
@pytest.mark.parametrize("log_scale", [-7.0, -2.0, 10.0])
def test_edges_take_the_whole_tails(mean, log_scale):
    """One rounding of the argument a = (boundary - mean) / s is 2e-7 |a|; d ln cdf / da <= 1."""
    levels = 256
    raw = raw_rows([0.0], [mean], [log_scale])
    ends = log_prob(tf.constant([[0.0], [1.0]]), raw, levels, 1)
    mean, scale = float(raw[0, 1]), math.exp(log_scale)
    boundary = 1 - 1 / (levels - 1)  # of the highest level; minus it of the lowest
    arguments = np.array([-boundary - mean, mean - boundary]) / scale
    tails = stats.logistic.cdf(arguments)
    atol = 2e-4 if log_scale == -7.0 else 1e-6
    # Below float64's smallest number the cdf is 0 and its logarithm the argument itself.
    exact = np.where(tails > 0, np.log(np.maximum(tails, 1e-323)), arguments)
    np.testing.assert_allclose(ends, exact, rtol=2e-6, atol=atol)


@pytest.mark.parametrize(("channels", "levels"), SPACES)
@pytest.mark.parametrize("offset", [0.0, 20.0, -1e4])
@pytest.mark.parametrize("log_scale", [-8.0, -3.0, 10.0])
def test_float32_is_the_float64_equation_in_the_tails(channels, levels, offset, log_scale):
    """Relative 3e-6 from some ten roundings; absolute 3e-4 a channel as in the sum at the floor."""
    rows = normal_raw(channels, 2).numpy().reshape(-1, MIXTURES)
    rows[1 : 1 + channels] += offset
    rows[1 + channels : 1 + 2 * channels] = log_scale
    x = all_pixels(channels, levels)[:: 1 + levels // 20]
    ours = log_prob(x, tf.constant(rows.reshape(1, -1)), levels, MIXTURES)
    exact = [exact_log_prob(pixel, rows, levels, MIXTURES) for pixel in x]
    atol = channels * (3e-4 if log_scale < MIN_LOG_SCALE else 2e-5)
    np.testing.assert_allclose(ours, exact, rtol=3e-6, atol=atol)


@pytest.mark.parametrize(("channels", "levels"), SPACES)
@pytest.mark.parametrize("spread", [1.0, 3.0])
def test_gradient_in_every_parameter_by_finite_differences(channels, levels, spread):
    """Central differences of the float64 equation: their own error is h^2 f''' / 6 < 1e-6."""
    raw, h = normal_raw(channels, 3, spread), 1e-4
    x = all_pixels(channels, levels)[[0, 11, -8, -1]]
    variables = tf.repeat(raw, len(x), 0)
    with tf.GradientTape() as tape:
        tape.watch(variables)
        nats = log_prob(x, variables, levels, MIXTURES)
    gradient = tape.gradient(nats, variables)
    raw = raw[0].numpy().astype(np.float64)
    for pixel, ours in zip(x, gradient.numpy(), strict=True):
        for i, step in enumerate(h * np.eye(len(raw))):
            above = exact_log_prob(pixel, raw + step, levels, MIXTURES)
            below = exact_log_prob(pixel, raw - step, levels, MIXTURES)
            np.testing.assert_allclose(ours[i], (above - below) / (2 * h), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("jit", [False, True])
def test_values_and_gradients_are_finite_at_extremes(jit):
    means = [-1e30, -1e4, -1.0, 0.0, 1.0, 1e4, 1e30]
    log_scales = [-1e3, MIN_LOG_SCALE, 10.0, 60.0]
    raw = [
        raw_rows([-1e4, 0.0, 1e4], [[mean, 0.0, -mean]] * 3, [log_scale] * 3, [-1e4, 0.0, 1e4])
        for mean, log_scale in itertools.product(means, log_scales)
    ]
    x = tf.constant(list(itertools.product([0.0, 0.6, 1.0], repeat=3)))

    @tf.function(jit_compile=jit)
    def evaluate(raw):
        nats = log_prob(x, raw, 256, 3)
        return nats, tf.gradients(nats, raw)[0]

    nats, gradient = evaluate(tf.repeat(tf.stack(raw), len(x), 1))
    assert nats.shape == [len(raw), len(x)] and (nats.numpy() <= 0).all()
    assert np.isfinite(nats).all() and np.isfinite(gradient).all()


@pytest.mark.parametrize(("channels", "levels"), SPACES)
def test_draws_follow_the_probabilities_of_whole_pixels(channels, levels):
    """Chi-square of the counts of all colours, at a tail of exp(-12.5).

    Laurent and Massart (2000): P(X >= d + 2 sqrt(d t) + 2 t) <= exp(-t) for d degrees of freedom.
    """
    raw, n = normal_raw(channels, 4), 20000
    noise = seeds.batch_uniform(5, n, (channels + 1,))
    x = sample(tf.repeat(raw, n, 0), noise, levels, MIXTURES).numpy()
    assert x.shape == (n, channels)
    places = levels ** np.arange(channels)[::-1]
    counts = np.bincount(
        np.round(x * (levels - 1)).astype(int) @ places, minlength=levels**channels
    )
    expected = n * np.exp(log_prob(all_pixels(channels, levels), raw, levels, MIXTURES).numpy())
    # Cells with few expected draws are pooled: chi-square is an approximation there.
    rare = expected < 5
    observed = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    observed, expected = observed[expected > 0], expected[expected > 0]
    statistic, degrees = ((observed - expected) ** 2 / expected).sum(), len(observed) - 1
    assert statistic < degrees + 2 * math.sqrt(degrees * 12.5) + 25


def test_rounded_channels_move_the_means_of_later_ones():
    """Noise 1/2 gives the means themselves: each channel is the level nearest to its mean."""
    means, (c10, c20, c21) = (-0.6, 0.3, -0.45), (0.9, -0.5, 0.8)
    raw = raw_rows([0.0], means, [0.0] * 3, np.arctanh([c10, c20, c21]))
    x = sample(raw, tf.fill([1, 4], 0.5), 5, 1)

    def nearest(mean):
        return np.round(2 * (mean + 1)) / 4

    first = nearest(means[0])
    second = nearest(means[1] + c10 * (2 * first - 1))
    third = nearest(means[2] + c20 * (2 * first - 1) + c21 * (2 * second - 1))
    np.testing.assert_array_equal(x, [[first, second, third]])
    # The third channel tells the rounded channels from their means, and c20 from c21.
    unrounded = means[1] + c10 * (2 * first - 1)
    assert third != nearest(means[2] + c20 * (2 * first - 1) + c21 * unrounded)
    assert third != nearest(means[2] + c21 * (2 * first - 1) + c20 * (2 * second - 1))


def test_the_first_noise_is_the_inverse_of_the_cumulative_weights():
    """Components in the order of their index; those of weight 0 at either end never."""
    weights = np.array([0, 0.2, 0.5, 0, 0.3, 0])
    logits = np.log(np.maximum(weights, 1e-300))
    levels = len(weights)
    means = np.linspace(-1, 1, levels)
    raw = raw_rows(logits, [means], [MIN_LOG_SCALE])
    u = np.append(np.linspace(0, 1, 1000, endpoint=False), LAST).astype(np.float32)
    noise = np.stack([u, np.full_like(u, 0.5)], axis=-1)
    x = sample(tf.repeat(raw, len(u), 0), noise, levels, levels).numpy()[:, 0]
    drawn = np.round(x * (levels - 1)).astype(int)
    assert (np.diff(drawn) >= 0).all() and set(drawn) == {1, 2, 4}
    # 1e-6: the rounding of the cumulative weights. At 0.2 and 0.7 exactly, either is right.
    clear = (np.abs(u[:, None] - np.cumsum(weights)) > 1e-6).all(1) & (u > 0) & (u < LAST)
    expected = np.searchsorted(np.cumsum(weights), u, side="right")
    np.testing.assert_array_equal(drawn[clear], expected[clear])


@pytest.mark.parametrize(("channels", "levels"), SPACES)
def test_draws_are_levels_at_extremes(channels, levels):
    noise = np.array(list(itertools.product([0.0, 0.5, LAST], repeat=channels + 1)), np.float32)
    for mean, log_scale in itertools.product([-1e30, -1e4, 0.0, 1e4, 1e30], [-1e3, 10.0, 60.0]):
        pairs = channels * (channels - 1) // 2
        raw = raw_rows([0.0, 1e4], [mean] * channels, [log_scale] * channels, [1e4] * pairs)
        x = sample(tf.repeat(raw, len(noise), 0), noise, levels, 2).numpy()
        ks = x * (levels - 1)
        np.testing.assert_allclose(ks, np.round(ks), atol=1e-4)
        assert (x >= 0).all() and (x <= 1).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("jit", [False, True])
def test_a_loop_over_pixels_of_a_batch_of_any_size(channels, jit):
    """A graph of unknown batch size, compiled or not, draws the levels that eager calls draw.

    A graph may divide by multiplying with the reciprocal, hence levels and not their float32. A
    draw may differ where it is within rounding of a boundary between levels: some 1e-6 of the
    noise, so that one of the 600 numbers does so once in a thousand seeds.
    """
    levels, steps, batch = 8, 5, 40
    raw = seeds.batch_normal(6, batch, (steps, params_per_pixel(channels, MIXTURES)))
    noise = seeds.batch_uniform(7, batch, (steps, channels + 1))
    specs = [tf.TensorSpec([None, *t.shape[1:]]) for t in (raw, noise)]

    @tf.function(jit_compile=jit, input_signature=specs)
    def loop(raw, noise):
        image = tf.zeros([tf.shape(raw)[0], steps, channels])

        def body(i, image):
            x = sample(raw[:, i], noise[:, i], levels, MIXTURES)
            assert x.shape.as_list() == [None, channels]
            place = tf.one_hot(i, steps)[:, tf.newaxis]
            return i + 1, image + place * x[:, tf.newaxis]

        return tf.while_loop(lambda i, _: i < steps, body, [0, image])[1]

    expected = np.round(sample(raw, noise, levels, MIXTURES) * (levels - 1))
    for rows in (batch, 3):
        drawn = loop(raw[:rows], noise[:rows]) * (levels - 1)
        np.testing.assert_array_equal(np.round(drawn), expected[:rows])

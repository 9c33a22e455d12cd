"""Philox by elementwise operations gives the numbers of TensorFlow's stateless operations."""

import numpy as np
import pytest
import tensorflow as tf

from tfgvae import philox, seeds

SEEDS = np.array([0, 1, -1, 7, 2**63 - 1, -(2**63), 2**31, -(2**31), 1234567890123456789], np.int64)


@pytest.mark.parametrize("count", [1, 4, 5, 1001])
def test_the_words_are_tensorflows(count):
    found = philox.words(tf.constant(SEEDS), count).numpy()
    for row, seed in zip(found, SEEDS, strict=True):
        expected = tf.random.stateless_uniform(
            [count], seeds.stateless(seed), None, None, tf.uint32, alg="philox"
        )
        np.testing.assert_array_equal(row[:count], expected.numpy())


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3), (0,), (257,)])
def test_normal_noise_is_tensorflows(shape):
    found = seeds.short_normal(SEEDS, shape)
    assert found.shape == (len(SEEDS), *shape)
    np.testing.assert_allclose(found, seeds.normal(SEEDS, shape), rtol=1e-5, atol=1e-5)


def test_xla_gives_the_same_words():
    compiled = tf.function(lambda given: philox.words(given, 7), jit_compile=True)
    given = tf.constant(SEEDS)
    np.testing.assert_array_equal(compiled(given), philox.words(given, 7))


DRAWS = [
    (philox.draw_uniform, tf.random.stateless_uniform, 0.0),
    # Box and Muller's numbers are at most 5.7; XLA has other logarithms, sines and cosines.
    (philox.draw_normal, tf.random.stateless_normal, 1e-5),
]


def stretch(draw, **options):
    """draw(seed, (3, 5), start) as a graph."""
    return tf.function(lambda seed, start: draw(seed, (3, 5), start), autograph=False, **options)


@pytest.mark.parametrize(("draw", "tensorflow"), [case[:2] for case in DRAWS])
def test_a_draw_is_tensorflows_from_any_place(draw, tensorflow):
    graph = stretch(draw)
    for seed in SEEDS:
        numbers = tensorflow([40], seeds.stateless(seed)).numpy()
        np.testing.assert_array_equal(draw(seed, (3, 5)), numbers[:15].reshape(3, 5))
        for start in (0, 1, 2, 3, 4, 9):
            expected = numbers[start : start + 15].reshape(3, 5)
            np.testing.assert_array_equal(draw(seed, (3, 5), start), expected)
            np.testing.assert_array_equal(graph(tf.constant(seed), tf.constant(start)), expected)


@pytest.mark.slow
@pytest.mark.parametrize(("draw", "tensorflow", "tolerance"), DRAWS)
def test_xla_draws_the_same_noise(draw, tensorflow, tolerance):
    """TensorFlow's own operations do not: see the second assertion."""
    compiled = stretch(draw, jit_compile=True)
    for seed in SEEDS:
        numbers = tensorflow([40], seeds.stateless(seed)).numpy()
        for start in (0, 1, 4, 7):
            drawn = compiled(tf.constant(seed), tf.constant(start)).numpy()
            expected = numbers[start : start + 15].reshape(3, 5)
            np.testing.assert_allclose(drawn, expected, rtol=0, atol=tolerance)

    @tf.function(jit_compile=True)
    def theirs(seed):
        return tensorflow([15], seed, alg="philox")

    seed = seeds.stateless(-7)
    assert not np.allclose(theirs(seed), tensorflow([15], seed))


def test_xla_draws_the_rows_of_row_seeds():
    compiled = tf.function(lambda rows: seeds.normal(rows, (5,)), jit_compile=True)
    np.testing.assert_allclose(compiled(SEEDS), seeds.normal(SEEDS, (5,)), rtol=0, atol=1e-5)

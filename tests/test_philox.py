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

"""concat_elu has the gradient that TensorFlow takes of its parts, and a second one."""

import numpy as np
import tensorflow as tf

from tfgvae import seeds
from tfgvae.autoregressive.gated_resnet import concat_elu

X = seeds.batch_normal(0, 4, (3, 3, 5))
WEIGHTS = seeds.batch_normal(1, 4, (3, 3, 10))


def derivatives(function):
    """The value, the gradient of a weighted sum, and the gradient of that one's square."""
    with tf.GradientTape() as outer:
        outer.watch(X)
        with tf.GradientTape() as inner:
            inner.watch(X)
            y = function(X)
            loss = tf.reduce_sum(WEIGHTS * y)
        first = inner.gradient(loss, X)
        square = tf.reduce_sum(tf.square(first))
    return y, first, outer.gradient(square, X)


def test_it_has_the_derivatives_of_its_parts():
    ours = derivatives(concat_elu)
    theirs = derivatives(lambda x: tf.nn.elu(tf.concat([x, -x], axis=-1)))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)

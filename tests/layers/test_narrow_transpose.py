"""The transposed convolution to few channels: TensorFlow's values and its first two derivatives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae.layers import blocks, narrow_transpose

SIZES = ((1, 1), (1, 4), (5, 3))


def case(size, filters, channels=6):
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(3, *size, channels)), tf.float32)
    kernel = tf.constant(rng.normal(size=(4, 4, filters, channels)), tf.float32)
    return x, kernel


def plain(x, kernel):
    batch, height, width, _ = x.shape
    return tf.nn.conv2d_transpose(
        x, kernel, [batch, 2 * height, 2 * width, kernel.shape[2]], 2, "SAME"
    )


def derivatives(function, x, kernel):
    """Values, gradients, and gradients of the sum of their squares."""
    with tf.GradientTape() as outer:
        outer.watch((x, kernel))
        with tf.GradientTape() as inner:
            inner.watch((x, kernel))
            y = function(x, kernel)
            loss = tf.reduce_sum(tf.sin(y))
        first = inner.gradient(loss, (x, kernel))
        norm = tf.add_n([tf.reduce_sum(tf.square(g)) for g in first])
    return y, *first, *outer.gradient(norm, (x, kernel))


@pytest.mark.parametrize("filters", range(1, narrow_transpose.WIDEST + 1))
@pytest.mark.parametrize("size", SIZES)
def test_it_is_tensorflows_with_its_derivatives(size, filters):
    x, kernel = case(size, filters)
    found = derivatives(narrow_transpose.transposed, x, kernel)
    expected = derivatives(plain, x, kernel)
    for a, b in zip(found, expected, strict=True):
        # Sums of 24 (values) to some thousand products of numbers of size 1 to 100.
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_layer_is_keras_own(policy):
    x, kernel = case((5, 3), 2)
    if policy == "mixed_bfloat16":
        # Its 8 bits hold integers and halves below 128 exactly: nothing is rounded, in any order.
        x, kernel = tf.round(x), tf.round(kernel)
    ours = narrow_transpose.layer(2, 4, 2, dtype=policy)
    theirs = keras.layers.Conv2DTranspose(2, 4, 2, padding="same", dtype=policy)
    for layer in (ours, theirs):
        layer.build(x.shape)
        layer.set_weights([kernel, np.array([0.5, -1.0])])
    assert type(ours) is narrow_transpose.NarrowConv2DTranspose
    assert ours(x).dtype == theirs(x).dtype
    np.testing.assert_allclose(
        tf.cast(ours(x), tf.float32), tf.cast(theirs(x), tf.float32), atol=1e-5
    )
    assert ours.compute_output_shape(x.shape) == theirs.compute_output_shape(x.shape)


@pytest.mark.parametrize("sizes", [(3, 3, 2), (3, 4, 1), (4, 4, 2), (3, 4, 2)])
def test_only_the_layer_that_it_is_made_for_is_replaced(sizes):
    filters, kernel_size, strides = sizes
    layer = narrow_transpose.layer(filters, kernel_size, strides)
    assert isinstance(layer, keras.layers.Conv2DTranspose)
    assert isinstance(layer, narrow_transpose.NarrowConv2DTranspose) == (sizes == (3, 4, 2))


def test_a_decoder_block_of_an_odd_size_is_cropped():
    block = blocks.conv_up(1, 4, 2, size=(7, 7))
    x = tf.ones([2, 4, 4, 3])
    assert block(x).shape == (2, 7, 7, 1) == block.compute_output_shape(x.shape)

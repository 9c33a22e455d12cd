"""The fused batch normalisation is Keras's: outputs, moving averages, gradients, replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import seeds
from tfgvae.layers.batch_norm import BatchNormalization

SHAPES = [(6, 5), (4, 3, 2, 5), (1, 4, 4, 5), (2, 5), (1, 5)]


def pair(shape, **options):
    """Keras's layer and ours with equal, random weights."""
    layers = keras.layers.BatchNormalization(momentum=0.9, **options), BatchNormalization(**options)
    for layer in layers:
        layer.build((None, *shape[1:]))
        for number, weight in enumerate(layer.weights):
            weight.assign(1 + 0.3 * seeds.batch_uniform(number, 1, weight.shape)[0])
    return layers


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [True, False])
def test_outputs_and_moving_averages_are_those_of_keras(shape, training):
    plain, fused = pair(shape)
    x = 3 + 2 * seeds.batch_normal(0, shape[0], shape[1:])
    np.testing.assert_allclose(
        fused(x, training=training), plain(x, training=training), rtol=1e-4, atol=1e-4
    )
    for a, b in zip(plain.weights, fused.weights, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5, err_msg=a.path)


@pytest.mark.parametrize("shape", SHAPES[:2])
def test_gradients_are_those_of_keras(shape):
    x, target = (seeds.batch_normal(s, shape[0], shape[1:]) for s in (0, 1))
    found = []
    for layer in pair(shape):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(target * layer(x, training=True) ** 2)
        found.append(tape.gradient(loss, [x, layer.gamma.value, layer.beta.value]))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-4)


def test_a_frozen_layer_uses_its_moving_averages():
    _, fused = pair((6, 5))
    fused.trainable = False
    before = [w.numpy() for w in fused.weights]
    x = seeds.batch_normal(0, 6, (5,))
    np.testing.assert_allclose(fused(x, training=True), fused(x, training=False))
    for a, b in zip(before, fused.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_half_precision_is_computed_in_float32():
    plain, fused = pair((6, 5), dtype="mixed_float16")
    x = tf.cast(300 * seeds.batch_normal(0, 6, (5,)), tf.float16)
    assert fused(x, training=True).dtype == tf.float16
    np.testing.assert_allclose(fused(x, training=True), plain(x, training=True), atol=2e-2)


def test_two_replicas_have_the_moments_of_one(mirrored):
    rows = seeds.batch_normal(0, 8, (3, 2, 5))
    with mirrored.scope():
        many = BatchNormalization()
        many.build((None, 3, 2, 5))
    one = BatchNormalization()
    one.build((None, 3, 2, 5))

    def apply():
        here = tf.distribute.get_replica_context().replica_id_in_sync_group
        return many(rows[4 * here : 4 * here + 4], training=True)

    parts = mirrored.experimental_local_results(mirrored.run(tf.function(apply)))
    np.testing.assert_allclose(tf.concat(parts, 0), one(rows, training=True), atol=1e-4)
    for a, b in zip(one.weights, many.weights, strict=True):
        np.testing.assert_allclose(b, a, atol=1e-5)

"""Cumulative moments: numpy's over all rows, on one replica and on two."""

import keras
import numpy as np
import tensorflow as tf

from tfgvae.layers.running_moments import RunningMoments

RNG = np.random.default_rng(0)
# Far from 0, where a difference of large numbers would lose the variance.
BATCHES = [(100 + RNG.normal(size=(n, 3))).astype(np.float32) for n in (4, 1, 9, 64)]


def check(moments, batches):
    seen = np.concatenate(batches).astype(np.float64)
    assert moments.count.numpy() == len(seen)
    np.testing.assert_allclose(moments.mean, seen.mean(0), rtol=1e-6)
    np.testing.assert_allclose(moments.variance, seen.var(0), rtol=1e-4, atol=1e-6)


def test_moments_are_those_of_all_rows():
    moments = RunningMoments((3,), mean=0.5, variance=0.1)
    np.testing.assert_allclose(moments.mean, [0.5] * 3)
    np.testing.assert_allclose(moments.variance, [0.1] * 3)
    for count, batch in enumerate(BATCHES, 1):
        moments.update(tf.constant(batch))
        check(moments, BATCHES[:count])


def test_nothing_of_it_is_trained_and_it_round_trips():
    moments = RunningMoments((3,), mean=0.5)
    assert not moments.trainable_variables
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(moments))
    np.testing.assert_array_equal(copy.mean, moments.mean)
    assert copy.shape == (3,)


def test_rows_of_two_replicas_are_one_batch(mirrored):
    """The parts of a batch differ in size, and one may be empty."""
    with mirrored.scope():
        moments = RunningMoments((3,))

    @tf.function
    def step(parts):
        mirrored.run(moments.update, (parts,))

    for batch, cut in zip(BATCHES, (2, 1, 3, 40), strict=True):
        parts = [tf.constant(batch[:cut]), tf.constant(batch[cut:])]
        split = mirrored.experimental_distribute_values_from_function(
            lambda context, parts=parts: parts[context.replica_id_in_sync_group]
        )
        step(split)
    check(moments, BATCHES)

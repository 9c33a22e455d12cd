"""Recomputation: exact gradients, no inner value kept, second passes one after the other."""

import numpy as np
import pytest
import tensorflow as tf

from tfgvae import seeds
from tfgvae.layers.recompute import recomputed

STEPS = 4
SHAPE = (6, 3)


def weights():
    return [seeds.batch_normal(t, 3, (3,)) for t in range(STEPS)]


def chain(ws, x, recompute, stop=False, note=None):
    """Outputs of STEPS tanh layers, and the sum of the mean values that each also returns."""

    def step(t):
        def function(given, inputs):
            (w,), (h, factor, nothing) = given, inputs
            assert nothing is None
            h = tf.stop_gradient(h) if stop else h
            if note is not None:
                h += tf.stop_gradient(note(h, t))
            h = tf.tanh(h @ w) * tf.cast(factor, tf.float32)
            return {"h": h}, [None, tf.reduce_mean(h)]

        return function

    outputs, others, h = [], [], x
    for t, w in enumerate(ws):
        call = recomputed if recompute else lambda function, *args: function(*args)
        found, (nothing, other) = call(step(t), [w], [h, tf.constant(2), None])
        assert nothing is None
        h = found["h"]
        outputs.append(h)
        others.append(other)
    return outputs, tf.add_n(others)


def loss_and_gradients(x, recompute, stop=False, note=None):
    ws = weights()
    with tf.GradientTape() as tape:
        tape.watch([x, *ws])
        outputs, _ = chain(ws, x, recompute, stop, note)
        loss = tf.add_n([tf.reduce_sum(tf.square(h)) for h in outputs])
    zero = tf.UnconnectedGradients.ZERO
    return loss, tape.gradient(loss, [x, *ws], unconnected_gradients=zero)


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("stop", [False, True])
def test_gradients_are_exact(graph, stop):
    x = seeds.batch_normal(9, *SHAPE[:1], SHAPE[1:])
    run = tf.function(loss_and_gradients) if graph else loss_and_gradients
    plain, again = (run(x, recompute, stop) for recompute in (False, True))
    for a, b in zip(tf.nest.flatten(plain), tf.nest.flatten(again), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


def test_no_gradient_passes_through_the_others():
    ws, x = weights(), seeds.batch_normal(9, 6, (3,))
    with tf.GradientTape() as tape:
        tape.watch(ws)
        others = chain(ws, x, recompute=True)[1]
    assert tape.gradient(others, ws) == [None] * STEPS


def test_a_gradient_that_is_not_a_number_stays_one():
    x = seeds.batch_normal(9, 6, (3,)) * np.nan
    found = tf.function(loss_and_gradients)(x, recompute=True)[1]
    assert all(np.isnan(g).all() for g in found)


@pytest.mark.parametrize("stop", [False, True])
def test_second_passes_run_one_after_the_other(stop):
    """In the reverse order, also where no gradient passes between the steps.

    The noted operations have no effects that a graph would keep in order: data alone orders them,
    and equal ones may become one.
    """
    noted = []

    def note(h, t):
        def record(h):
            noted.append(t)
            return np.zeros_like(h)

        found = tf.numpy_function(record, [h], tf.float32, stateful=False)
        return tf.ensure_shape(found, h.shape)

    x = seeds.batch_normal(9, 6, (3,))
    tf.function(loss_and_gradients)(x, recompute=True, stop=stop, note=note)
    assert noted == [*range(STEPS), *reversed(range(STEPS))]

"""How far half precision may move a loss and the direction of its gradient: derived, not chosen.

Half precision rounds a number by a factor 1 + d, |d| <= u, with u = 2^-8 for bfloat16 and 2^-11 for
float16. Each layer rounds its weights, its inputs and its outputs: three errors of one size. So the
float32 model tells the error to expect: that of random factors 1 + u t on its weights alone, t
uniform in [-1, 1], of root mean square e. To first order three independent errors of that size give
sqrt(3) e. The backward pass rounds weights, gradients of the outputs and gradients of the inputs
once more: sqrt(6) e for the gradient. Five times that is allowed.

A density, a divergence or a norm in half precision breaks this: its rounding has no part in e.
"""

import math

import keras
import numpy as np
import tensorflow as tf

UNIT = {"mixed_bfloat16": 2.0**-8, "mixed_float16": 2.0**-11}
DRAWS, DEVIATIONS = 8, 5
SCALE = 16.0  # of the loss: float16 loses small gradients and overflows at large ones


def made_in(policy, make):
    """The model that `make` makes under a Keras policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return make()
    finally:
        keras.config.set_dtype_policy(before)


def loss_and_direction(model, data, weights):
    """The loss of a first training step, and its gradient as a vector of length 1."""
    model.set_weights(weights)  # With the counters of batches: the same noise.
    with tf.GradientTape() as tape:
        model(data, training=True)
        loss = tf.add_n(model.losses)
        scaled = SCALE * loss
    gradients = tape.gradient(
        scaled, model.trainable_variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    vector = np.concatenate([np.ravel(g) for g in gradients]).astype(np.float64)
    return float(loss), vector / np.linalg.norm(vector)


def perturbed(model, weights, unit, generator):
    """`weights` with factors 1 + unit t on the trainable ones."""
    trainable = {v.path for v in model.trainable_variables}
    return [
        w * np.float32(1 + unit * generator.uniform(-1, 1, w.shape)) if v.path in trainable else w
        for v, w in zip(model.weights, weights, strict=True)
    ]


def assert_within_rounding(full, mixed, data, unit):
    """`mixed` computes what the float32 model `full` does, up to rounding by `unit`."""
    weights = full.get_weights()
    loss, direction = loss_and_direction(full, data, weights)
    found, turned = loss_and_direction(mixed, data, weights)
    generator = np.random.default_rng(0)
    moves = [
        loss_and_direction(full, data, perturbed(full, weights, unit, generator))
        for _ in range(DRAWS)
    ]
    loss_error = math.sqrt(np.mean([(other - loss) ** 2 for other, _ in moves]))
    turn = math.sqrt(np.mean([np.sum((other - direction) ** 2) for _, other in moves]))
    # The second terms are for float32, in which a sum of n numbers errs by some 1e-7 sqrt(n).
    assert abs(found - loss) <= DEVIATIONS * math.sqrt(3) * loss_error + 1e-5 * abs(loss)
    assert np.linalg.norm(turned - direction) <= DEVIATIONS * math.sqrt(6) * turn + 1e-4

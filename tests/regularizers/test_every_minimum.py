"""Every R in REGULARIZERS: its value under the prior, elsewhere, and where descent ends."""

import math

import keras
import numpy as np
import tensorflow as tf

from tests.regularizers.cases import CASES, ROWS, build, every
from tests.regularizers.clouds import evaluate, gaussian_q, noise, repeats, standard, standard_error
from tfgvae import seeds


def train_critic(reg, mu, s, steps=300):
    """Fit the weights a regularizer owns to the cloud N(mu, s^2), which stays where it is."""
    if not reg.trainable_variables:
        return
    optimizer = keras.optimizers.Adam(1e-3, 0.5, 0.9)
    optimizer.build(reg.trainable_variables)

    @tf.function
    def step(seed):
        z_seed, r_seed = seeds.split(seed, 2)
        q, z = gaussian_q(mu, s, noise(z_seed, ROWS, (3,)))
        with tf.GradientTape() as tape:
            loss, _ = evaluate(reg, q, z, standard((3,)), seed=r_seed)
        gradients = tape.gradient(loss, [v.value for v in reg.trainable_variables])
        optimizer.apply(gradients, reg.trainable_variables)

    for i in range(steps):
        step(tf.constant(i, tf.int64))


@every
def test_value_under_the_prior(name):
    values = repeats(build(name), mu=0.0, s=1.0, num=200, rows=ROWS)
    expected = CASES[name].under_prior(3)
    # 1e-6 for those whose value is the same on every batch.
    assert abs(values.mean() - expected) <= 5 * standard_error(values) + 1e-6


@every
def test_a_shift_is_seen(name):
    reg = build(name)
    train_critic(reg, mu=1.0, s=1.0)
    values = repeats(reg, mu=1.0, s=1.0, num=50, rows=ROWS, first=10**6)
    if name == "none":
        assert not values.any()
    else:
        assert values.mean() > CASES[name].under_prior(3) + 5 * standard_error(values)


@every
def test_descent_brings_q_to_the_minimum(name):
    """From N(1.5, 0.3^2), under R alone, to the (mu, s) that minimise it.

    What may remain is a tenth of the way, or what the case says: the noise of stochastic
    gradients, which the falling rate keeps small, and for s -> 0 the slow end of a descent in
    log s.
    """
    event, steps = (2,), 400
    reg = build(name, event, weight=1.0)
    variables = [
        keras.Variable(np.full(event, 1.5, np.float32)),
        keras.Variable(np.full(event, math.log(0.3), np.float32)),
        *reg.trainable_variables,
    ]
    mu, log_s, *weights = [v.value for v in variables]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.03, steps), 0.5, 0.9)
    optimizer.build(variables)

    @tf.function
    def step(seed):
        z_seed, r_seed = seeds.split(seed, 2)
        with tf.GradientTape() as tape:
            q, z = gaussian_q(mu, tf.exp(log_s), noise(z_seed, 128, event))
            loss, _ = evaluate(reg, q, z, standard(event), seed=r_seed)
        gradients = tape.gradient(
            loss, [mu, log_s, *weights], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        optimizer.apply(gradients, variables)

    for i in range(steps):
        step(tf.constant(i, tf.int64))
    starts, ends = (1.5, 0.3), (mu.numpy(), np.exp(log_s.numpy()))
    for start, end, target in zip(starts, ends, CASES[name].target, strict=True):
        if target is not None:
            np.testing.assert_allclose(
                end, target, atol=CASES[name].remainder * abs(start - target)
            )
    if name == "none":
        np.testing.assert_array_equal(ends[0], 1.5)

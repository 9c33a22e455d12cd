"""Every R in REGULARIZERS: the penalty of a batch, the loss it adds, and their gradient."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.regularizers.cases import both_events, build, every
from tests.regularizers.clouds import MarkovPrior, evaluate, gaussian_q, noise, standard
from tfgvae.regularizers.schedules import SCHEDULES


@every
@both_events
@pytest.mark.parametrize("training", [True, False, None])
def test_shapes_and_one_loss(name, event, training):
    reg = build(name, event)
    q, z = gaussian_q(0.5, 0.8, noise(1, 5, event))
    loss, penalty = evaluate(reg, q, z, standard(event), training=training)
    assert penalty.shape == (5,) and loss.shape == ()
    assert len(reg.losses) == 1
    assert np.all(np.isfinite(penalty))
    if reg.batch_level:
        assert np.ptp(penalty) == 0


@every
@both_events
def test_an_event_of_steps_is_one_long_vector(name, event):
    """R of [T, Z] is R of [T * Z] for every prior that is the same under reshaping."""
    flat = (math.prod(event),)
    eps = noise(2, 6, event)
    reg, long = build(name, event), build(name, flat)
    a = evaluate(reg, *gaussian_q(0.3, 0.9, eps), standard(event))[1]
    b = evaluate(long, *gaussian_q(0.3, 0.9, tf.reshape(eps, (6, *flat))), standard(flat))[1]
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@every
def test_weight_and_schedule_scale_the_loss(name):
    q, z = gaussian_q(0.5, 0.8, noise(3, 8, (3,)))
    for schedule, factor in SCHEDULES.items():
        reg = build(name, weight=3.0, schedule=schedule, schedule_steps=50.0)
        for step in (0, 20, 1000):
            loss, penalty = evaluate(reg, q, z, standard((3,)), step=step)
            expected = 3.0 * factor(tf.constant(float(step)), 50.0) * tf.reduce_mean(penalty)
            np.testing.assert_allclose(loss, expected, rtol=1e-6, atol=1e-6)


@every
def test_a_batch_of_unknown_size(name):
    """What fit traces: the number of rows is known only when the step runs."""
    reg = build(name)

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def graph(eps):
        return evaluate(reg, *gaussian_q(0.5, 0.8, eps), standard((3,)))[1]

    eps = noise(4, 6, (3,))
    eager = evaluate(reg, *gaussian_q(0.5, 0.8, eps), standard((3,)))[1]
    np.testing.assert_allclose(graph(eps), eager, rtol=1e-5, atol=1e-6)


@every
def test_penalty_depends_on_the_seed_given_and_on_nothing_else(name):
    reg = build(name)
    q, z = gaussian_q(0.5, 0.8, noise(5, 8, (3,)))
    a, b, c = (evaluate(reg, q, z, standard((3,)), seed=s)[1] for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.any(a != c) == (name in ("mmd", "adversarial"))


@every
@both_events
def test_gradient_by_finite_differences(name, event):
    """d loss / d(mu, s) against central differences in float64.

    With h = 1e-5 and losses of order 1e4 at most the differences err by h^2 f''' / 6 + 1e-16 f / h,
    below 1e-7 of the scale of the loss.
    """
    reg = build(name, event, dtype="float64")
    eps = noise(6, 8, event, tf.float64)
    prior = standard(event, tf.float64)
    size = math.prod(event)

    def loss(parameters):
        mu, s = (tf.reshape(p, event) for p in tf.split(parameters, 2))
        return evaluate(reg, *gaussian_q(mu, s, eps), prior)[0]

    point = tf.concat([tf.linspace(-0.7, 0.6, size), tf.linspace(0.6, 1.2, size)], 0)
    point = tf.cast(point, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = loss(point)
    gradient = tape.gradient(value, point, unconnected_gradients="zero").numpy()
    h = 1e-5
    numeric = [
        (loss(point + h * unit) - loss(point - h * unit)) / (2 * h) for unit in np.eye(2 * size)
    ]
    scale = max(1.0, np.abs(gradient).max())
    np.testing.assert_allclose(gradient, numeric, atol=1e-6 * scale)


@every
def test_one_replica_traces_no_cross_replica_operation(name):
    reg = build(name)

    @tf.function
    def graph(eps):
        return evaluate(reg, *gaussian_q(0.5, 0.8, eps), standard((3,)))[1]

    operations = graph.get_concrete_function(tf.TensorSpec([8, 3])).graph.get_operations()
    assert not [op.type for op in operations if "Collective" in op.type or "Nccl" in op.type]


@every
def test_a_prior_with_only_sample_and_log_prob(name):
    event = (2, 3)
    prior = MarkovPrior(2, 3, a=0.9, b=0.5)
    q, z = gaussian_q(0.2, 0.7, noise(9, 8, event))
    reg = build(name, event)
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss, penalty = evaluate(reg, q, z, prior)
    assert penalty.shape == (8,) and np.isfinite(loss)
    if name in ("kl", "mmd", "stein", "adversarial"):
        assert np.any(tape.gradient(loss, z) != 0)


@every
def test_mixed_precision_leaves_the_penalty_in_float32(name):
    reg = build(name, dtype="mixed_float16")
    _, penalty = evaluate(reg, *gaussian_q(0.5, 0.8, noise(10, 8, (3,))), standard((3,)))
    assert penalty.dtype == tf.float32

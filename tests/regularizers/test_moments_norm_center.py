"""The authors' simple regularizers and the schedules, against their equations in numpy."""

import numpy as np
import pytest
import tensorflow as tf

from tests.regularizers.clouds import evaluate, gaussian_q, noise, standard
from tfgvae.regularizers import MMD, Center, Moments, Norm, Stein
from tfgvae.regularizers.schedules import SCHEDULES


def test_moments():
    q, z = gaussian_q(0.4, 0.8, noise(0, 10, (2, 3)))
    x = z.numpy().reshape(10, 6)
    expected = np.sum(np.abs(x.mean(0)) + np.abs(x.var(0, ddof=1) - 1))
    penalty = evaluate(Moments(), q, z, standard((2, 3)))[1]
    np.testing.assert_allclose(penalty, np.full(10, expected), rtol=1e-5)


def test_norm():
    q, z = gaussian_q(0.4, 0.8, noise(1, 5, (2, 3)))
    expected = 0.5 * np.sum(z.numpy() ** 2, axis=(1, 2))
    np.testing.assert_allclose(evaluate(Norm(), q, z, standard((2, 3)))[1], expected, rtol=1e-6)


def test_center():
    q, z = gaussian_q(0.4, 0.8, noise(2, 5, (2, 3)))
    expected = np.full(5, 6 * (0.5 * 0.4**2 - np.log(0.8)))
    np.testing.assert_allclose(evaluate(Center(), q, z, standard((2, 3)))[1], expected, rtol=1e-6)


def one_row(cls, training):
    q, z = gaussian_q(0.0, 1.0, noise(3, 1, (3,)))
    return evaluate(cls(), q, z, standard((3,)), training=training)


def graph_of_any_size(cls, training):
    """What fit and evaluate trace: the number of rows is known only when the step runs."""

    reg = cls()  # Outside of the graph: its weight is a variable.

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def graph(eps):
        return evaluate(reg, *gaussian_q(0.0, 1.0, eps), standard((3,)), training=training)

    return graph


@pytest.mark.parametrize("cls", [Moments, MMD, Stein])
def test_one_row_is_refused_in_training(cls):
    with pytest.raises(ValueError, match="at least 2 rows over all replicas, got 1"):
        one_row(cls, training=True)
    graph = graph_of_any_size(cls, training=True)
    assert np.all(np.isfinite(graph(noise(4, 2, (3,)))[1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 2 rows"):
        graph(noise(4, 1, (3,)))


@pytest.mark.parametrize("cls", [Moments, MMD, Stein])
@pytest.mark.parametrize("training", [False, None])
def test_one_row_has_the_penalty_0_outside_training(cls, training):
    """The last batch of an evaluation may have one row; of two rows, it is the estimate."""
    graph = graph_of_any_size(cls, training)
    for loss, penalty in (one_row(cls, training), graph(noise(3, 1, (3,)))):
        assert loss == 0
        np.testing.assert_array_equal(penalty, [0.0])
    in_training = graph_of_any_size(cls, training=True)
    two = noise(4, 2, (3,))
    np.testing.assert_allclose(graph(two)[1], in_training(two)[1], rtol=1e-6)


@pytest.mark.parametrize("cls", [MMD, Stein])
def test_one_row_is_enough_for_a_biased_estimate(cls):
    q, z = gaussian_q(0.0, 1.0, noise(5, 1, (3,)))
    reg = cls(estimator="biased")
    assert np.isfinite(reg.penalty(q, z, standard((3,)), tf.constant(0, tf.int64)))


def test_two_replicas_of_one_row_are_a_batch(mirrored):
    """1 and 3 have mean 2 and variance 2, wherever they stand: |2| + |2 - 1|."""

    with mirrored.scope():
        reg = Moments()

    @tf.function
    def run():
        def replica():
            index = tf.distribute.get_replica_context().replica_id_in_sync_group
            z = tf.cast(1 + 2 * index, tf.float32) * tf.ones((1, 1))
            return reg.penalty(None, z, standard((1,)), None)

        return mirrored.run(replica).values

    np.testing.assert_allclose(run(), [[3.0], [3.0]], rtol=1e-6)


def test_schedules():
    steps = np.array([0, 1, 50, 100, 1000], np.float32)
    expected = {
        "constant": np.ones(5),
        "linear": np.minimum(1, steps / 100),
        "exponential": 1 - np.exp(-steps.astype(np.float64) / 100),
    }
    assert set(expected) == set(SCHEDULES)
    for name, factor in SCHEDULES.items():
        np.testing.assert_allclose(factor(tf.constant(steps), 100.0), expected[name], rtol=1e-6)


def test_the_exponential_schedule_keeps_its_digits_at_the_start():
    """1 - exp(-1e-9) is 0 in float32; the first steps of a long warm-up are not."""
    value = SCHEDULES["exponential"](tf.constant(1.0), 1e9)
    np.testing.assert_allclose(value, 1e-9, rtol=1e-6)

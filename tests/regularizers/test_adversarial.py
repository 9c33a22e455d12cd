"""The critic and the gradient reversal, against two separate losses written out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.regularizers.clouds import EVENTS, evaluate, gaussian_q, noise, standard
from tfgvae import seeds
from tfgvae.regularizers import Adversarial, batch


def built(event, **options):
    with seeds.initialization(0):
        reg = Adversarial(hidden=(16, 8), dtype="float64", **options)
        reg.build((None, *event))
    return reg


def gradients(reg, mu, eps, prior, **options):
    """The gradients of the loss that a fit adds: (to the critic's weights, to mu)."""
    weights = [v.value for v in reg.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(mu)
        loss, _ = evaluate(reg, *gaussian_q(mu, 0.8, eps), prior, seed=5, **options)
    critic = tape.gradient(loss, [*weights, mu], unconnected_gradients="zero")
    return critic[:-1], critic[-1]


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_one_loss_holds_the_two_gradients(event):
    """Critic: -(E_p D - E_q D) + 10 E (|grad D| - 1)^2. Encoder: scale * (E_p D - E_q D)."""
    reg = built(event, weight=3.0, schedule="linear", schedule_steps=100.0)
    prior = standard(event, tf.float64)
    eps, mu = noise(1, 6, event, tf.float64), tf.fill(event, tf.constant(0.4, tf.float64))
    critic, encoder = gradients(reg, mu, eps, prior, step=20)

    y_seed, place_seed = seeds.split(5, 2)
    y = prior.sample(6, seed=seeds.stateless(y_seed))
    place = tf.cast(seeds.batch_uniform(place_seed, 6, [1]), tf.float64)
    weights = [v.value for v in reg.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(mu)
        z = mu + 0.8 * eps
        distance = tf.reduce_mean(reg.critic(y)) - tf.reduce_mean(reg.critic(z))
        with tf.GradientTape() as inner:
            h = place * batch.flatten(y) + (1 - place) * batch.flatten(z)
            inner.watch(h)
            d = reg.critic(h)
        slopes = tf.norm(inner.gradient(d, h), axis=1)
        critic_loss = -distance + 10 * tf.reduce_mean((slopes - 1) ** 2)
        encoder_loss = 3.0 * 0.2 * distance
    expected = tape.gradient(critic_loss, weights, unconnected_gradients="zero")
    for got, want in zip(critic, expected, strict=True):
        # 1e-12 under the square root of the slope moves it by 1e-12 / slope.
        np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-9)
    # The schedule is evaluated in float32.
    np.testing.assert_allclose(encoder, tape.gradient(encoder_loss, mu), rtol=1e-6)


def test_the_encoder_descends_towards_the_prior():
    """With D(z) = -z the encoder at mean 2 must be told to go down, and the critic has no say."""
    reg = Adversarial(hidden=())
    reg.build((None, 1))
    for weight, value in zip(reg.trainable_weights, (-np.ones((1, 1)), np.zeros(1)), strict=True):
        weight.assign(value)
    mu = tf.constant([2.0])
    with tf.GradientTape() as tape:
        tape.watch(mu)
        q, z = gaussian_q(mu, 1.0, noise(2, 64, (1,)))
        loss, penalty = evaluate(reg, q, z, standard((1,)))
    np.testing.assert_allclose(tape.gradient(loss, mu), [1.0], rtol=1e-6)  # descent lowers mu
    # penalty = z - y has mean 2 and standard deviation sqrt(2).
    assert abs(np.mean(penalty) - 2) < 5 * np.sqrt(2 / 64)


def test_a_weight_of_zero_trains_the_critic_alone():
    """The encoder gets nothing while the schedule is at 0; the critic learns at full rate."""
    event = (3,)
    prior = standard(event, tf.float64)
    eps, mu = noise(3, 6, event, tf.float64), tf.zeros(event, tf.float64)
    silent = gradients(built(event, weight=0.0), mu, eps, prior)
    loud = gradients(built(event, weight=7.0), mu, eps, prior)
    np.testing.assert_array_equal(silent[1], 0)
    assert np.any(loud[1] != 0)
    for a, b in zip(silent[0], loud[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_no_gradient_penalty_outside_training():
    reg = built((3,))
    eps, mu = noise(4, 6, (3,), tf.float64), tf.zeros((3,), tf.float64)
    prior = standard((3,), tf.float64)
    q, z = gaussian_q(mu, 0.8, eps)
    on, off = (evaluate(reg, q, z, prior, seed=5, training=t) for t in (True, False))
    np.testing.assert_allclose(on[0], off[0], rtol=1e-12)
    np.testing.assert_array_equal(on[1], off[1])
    with_penalty = gradients(reg, mu, eps, prior, training=True)[0]
    without = gradients(reg, mu, eps, prior, training=False)[0]
    assert np.any(with_penalty[0] != without[0])


def test_each_row_of_the_penalty_stands_alone():
    reg = built((3,))
    q, z = gaussian_q(0.3, 0.8, noise(5, 6, (3,), tf.float64))
    prior = standard((3,), tf.float64)
    penalty = evaluate(reg, q, z, prior)[1]
    moved = evaluate(reg, q, tf.tensor_scatter_nd_add(z, [[2, 0]], [1.0]), prior)[1]
    np.testing.assert_array_equal(np.flatnonzero(penalty != moved), [2])


def test_a_trained_critic_measures_the_distance():
    """q = N(1.5, 1) and p = N(0, 1) are W1 = 1.5 apart, and no 1-Lipschitz D shows more.

    The gradient penalty of factor 10 lets the slope exceed 1: along a straight critic of slope L
    it trades 1.5 L against 10 (L - 1)^2, so L = 1 + 1.5 / 20 and the value is 1.5 L = 1.61.
    """
    with seeds.initialization(1):
        reg = Adversarial(hidden=(32, 32))
        reg.build((None, 1))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(5e-3, 300), 0.5, 0.9)
    optimizer.build(reg.trainable_variables)
    weights = [v.value for v in reg.trainable_variables]

    @tf.function
    def step(seed):
        q, z = gaussian_q(1.5, 1.0, noise(seeds.fold_in(seed, 9), 128, (1,)))
        with tf.GradientTape() as tape:
            loss, penalty = evaluate(reg, q, z, standard((1,)), seed=seed)
        optimizer.apply(tape.gradient(loss, weights), reg.trainable_variables)
        return tf.reduce_mean(penalty)

    values = [step(tf.constant(i, tf.int64)).numpy() for i in range(300)]
    # 50 late batches of 128 differences of standard deviation 1.075 sqrt(2): error 0.019.
    assert abs(np.mean(values[-50:]) - 1.5 * 1.075) < 5 * 0.019 + 0.05


def test_the_prior_is_drawn_anew_with_each_seed_and_row_by_row():
    z = noise(6, 8, (3,))
    draws = batch.prior_rows(standard((3,)), tf.constant(1, tf.int64), z)
    again = batch.prior_rows(standard((3,)), tf.constant(2, tf.int64), z)
    assert len(np.unique(draws)) == 24 and np.all(draws != again)


def test_replicas_share_one_draw_of_the_prior(mirrored):
    """Rows 0-3 and 4-7 of one global draw, on two replicas."""
    seed = tf.constant(4, tf.int64)
    z = noise(7, 4, (3,))

    @tf.function
    def run():
        return mirrored.run(lambda: batch.prior_rows(standard((3,)), seed, z)).values

    whole = batch.prior_rows(standard((3,)), seed, tf.zeros((8, 3)))
    np.testing.assert_array_equal(tf.concat(run(), axis=0), whole)


def test_building_again_keeps_the_weights():
    reg = built((3,))
    before = reg.get_weights()
    reg.build((None, 3))
    assert len(reg.trainable_weights) == 6
    for a, b in zip(before, reg.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"hidden": (0,)}, "hidden"),
        ({"hidden": (2.5,)}, "hidden"),
        ({"gradient_penalty": 0.0}, "gradient_penalty"),
    ],
)
def test_bad_arguments(bad, message):
    with pytest.raises(ValueError, match=message):
        Adversarial(**bad)


def test_the_latent_size_must_be_known():
    for shape in (None, (None, None), (None, 2, None)):
        with pytest.raises(ValueError, match="known latent size"):
            Adversarial().build(shape)

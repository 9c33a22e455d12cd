"""KL and free bits against closed forms."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import integrate, stats

from tests.regularizers.clouds import (
    MarkovPrior,
    evaluate,
    gaussian_q,
    noise,
    standard,
    standard_error,
)
from tfgvae.regularizers import KL

tfd = tfp.distributions

MU = np.array([[0.0, 0.5, -1.0], [0.1, -0.3, 2.0]], np.float32)
S = np.array([[1.0, 0.7, 1.5], [0.9, 1.1, 0.3]], np.float32)


def closed_form(mu, s):
    return 0.5 * (mu**2 + s**2 - 1) - np.log(s)  # [B, Z]


def q_of(mu, s):
    return tfd.Independent(tfd.Normal(mu, s), 1)


def test_closed_form_is_the_integral():
    """The oracle of this file, against quadrature of q log(q / p)."""
    q, p = stats.norm(0.5, 0.7), stats.norm()
    kl = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), -8, 9)[0]
    np.testing.assert_allclose(closed_form(0.5, 0.7), kl, rtol=1e-8)


def test_analytic():
    penalty = evaluate(KL(), q_of(MU, S), tf.constant(MU), standard((3,)))[1]
    np.testing.assert_allclose(penalty, closed_form(MU, S).sum(1), rtol=1e-5)


def test_sampled_where_tfp_has_no_divergence():
    """q = N(m, s^2 I) over 2 steps against the Markov prior, a Gaussian of 2 dimensions a chain."""
    a, b, m, s = 0.9, 0.5, 0.4, 0.7
    prior = MarkovPrior(2, 3, a, b)
    rows = 4000
    q, z = gaussian_q(m, s, noise(0, rows, (2, 3)))
    with pytest.raises(NotImplementedError):
        tfd.kl_divergence(q, prior)
    penalty = evaluate(KL(), q, z, prior)[1].numpy()

    precision = np.linalg.inv([[1.0, a], [a, a**2 + b**2]])
    mean = np.full(2, m)
    chain = 0.5 * (
        s**2 * np.trace(precision)
        + mean @ precision @ mean
        - 2
        - np.linalg.slogdet(precision)[1]
        - 2 * np.log(s**2)
    )
    assert abs(penalty.mean() - 3 * chain) < 5 * standard_error(penalty)


def test_sampled_gradient_is_the_analytic_one_in_expectation():
    """The pathwise gradient of log q - log p, over 4000 one-row batches, at 5 standard errors."""

    class Opaque(tfd.Normal):
        """A normal that TFP has no divergence for."""

    opaque = tfd.Independent(Opaque(tf.zeros(1), tf.ones(1)), 1)
    mu, s = tf.fill((4000, 1), 0.6), tf.fill((4000, 1), 0.7)
    eps = noise(1, 4000, (1,))
    with tf.GradientTape() as tape:
        tape.watch([mu, s])
        q, z = gaussian_q(mu, s, eps)
        sampled = q.log_prob(z) - opaque.log_prob(z)
    for gradient, exact in zip(tape.gradient(sampled, [mu, s]), (0.6, 0.7 - 1 / 0.7), strict=True):
        gradient = gradient.numpy().ravel()
        assert abs(gradient.mean() - exact) < 5 * standard_error(gradient) + 1e-6


def test_free_bits_are_the_floor_of_each_dimension():
    per_dimension = closed_form(MU, S).mean(0)  # the first is 0.0029, the others are 0.1 and more
    for floor in (0.01, 0.2, 5.0):
        reg = KL(free_bits=floor)
        loss, penalty = evaluate(reg, q_of(MU, S), tf.constant(MU), standard((3,)))
        np.testing.assert_allclose(loss, np.maximum(floor, per_dimension).sum(), rtol=1e-5)
        np.testing.assert_allclose(tf.reduce_mean(penalty), loss, rtol=1e-6)
        assert reg.batch_level


def test_free_bits_of_zero_are_the_plain_divergence():
    plain, floored = KL(), KL(free_bits=0.0)
    args = q_of(MU, S), tf.constant(MU), standard((3,))
    np.testing.assert_array_equal(evaluate(plain, *args)[1], evaluate(floored, *args)[1])
    assert not floored.batch_level
    # A floor too low to bind leaves the sum of the divergences too.
    tiny = evaluate(KL(free_bits=1e-12), *args)[1]
    np.testing.assert_allclose(tiny, evaluate(plain, *args)[1], rtol=1e-6)


def test_free_bits_mask_the_gradient_below_the_floor():
    mu, s = tf.constant(MU), tf.constant(S)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([mu, s])
        plain = evaluate(KL(), q_of(mu, s), mu, standard((3,)))[0]
        floored = evaluate(KL(free_bits=0.01), q_of(mu, s), mu, standard((3,)))[0]
    for parameter in (mu, s):
        kept, full = tape.gradient(floored, parameter), tape.gradient(plain, parameter)
        np.testing.assert_array_equal(kept[:, 0], 0)
        np.testing.assert_allclose(kept[:, 1:], full[:, 1:], rtol=1e-6)


def test_free_bits_over_steps():
    event = (2, 3)
    q, z = gaussian_q(0.3, 0.9, noise(2, 4, event))
    loss = evaluate(KL(free_bits=0.04), q, z, standard(event))[0]
    np.testing.assert_allclose(loss, 6 * max(0.04, closed_form(0.3, 0.9)), rtol=1e-5)


def _on(strategy, floor):
    """The regularizer, made on all replicas: its weight is a variable."""
    with strategy.scope():
        return KL(free_bits=floor)


def test_free_bits_floor_the_mean_over_all_replicas(mirrored):
    """A dimension above the floor on one replica only: the mean of both decides.

    Divergences of 0.5 mu^2: 2 on one replica and 0 on the other, so 1 in the mean.
    """

    def run(reg):
        def replica():
            context = tf.distribute.get_replica_context()
            mu = 2.0 * tf.cast(context.replica_id_in_sync_group, tf.float32) * tf.ones((4, 1))
            return reg.penalty(q_of(mu, tf.ones((4, 1))), mu, standard((1,)), None)

        return tf.function(lambda: mirrored.run(replica).values)()

    for floor, expected in ((0.9, (0.0, 2.0)), (1.1, (1.1, 1.1))):
        for penalty, value in zip(run(_on(mirrored, floor)), expected, strict=True):
            np.testing.assert_allclose(penalty, value, rtol=1e-6)


def test_free_bits_floor_the_mean_over_unequal_parts(mirrored):
    """Three rows of divergence 0 and one of 2: the mean is 0.5, that of the parts' means is 1."""

    reg = _on(mirrored, 0.7)

    @tf.function
    def run():
        def replica():
            index = tf.distribute.get_replica_context().replica_id_in_sync_group
            rows = tf.where(index == 0, 3, 1)
            mu = 2.0 * tf.cast(index, tf.float32) * tf.ones([rows, 1])
            return reg.penalty(q_of(mu, tf.ones([rows, 1])), mu, standard((1,)), None)

        return mirrored.run(replica).values

    np.testing.assert_allclose(tf.concat(run(), 0), np.full(4, 0.7), rtol=1e-6)


def test_bad_input():
    with pytest.raises(ValueError, match="free_bits must be finite and >= 0, got -1"):
        KL(free_bits=-1.0)
    q, z = gaussian_q(0.0, 1.0, noise(0, 4, (2, 3)))
    with pytest.raises(ValueError, match=r"Independent of scalar.*the prior is"):
        KL(free_bits=0.1).penalty(q, z, MarkovPrior(2, 3, 0.9, 0.5), 0)
    joint = tfd.MultivariateNormalDiag(tf.zeros((4, 3)), tf.ones((4, 3)))
    with pytest.raises(ValueError, match=r"Independent of scalar.*; q is"):
        KL(free_bits=0.1).penalty(joint, joint.mean(), standard((3,)), 0)

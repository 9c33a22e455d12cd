"""MMD and the Stein discrepancy against loops over pairs and against closed forms."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.regularizers.clouds import (
    MarkovPrior,
    evaluate,
    gaussian_q,
    noise,
    repeats,
    standard,
    standard_error,
)
from tfgvae import seeds
from tfgvae.regularizers import MMD, Stein, batch, kernels
from tfgvae.regularizers.stein import score

BY_KERNEL = pytest.mark.parametrize("kernel", sorted(kernels.KERNELS))
BY_ESTIMATOR = pytest.mark.parametrize("estimator", kernels.ESTIMATORS)
WIDTHS = (0.5, 2.0)


def plain_kernel(name, x, y, widths=WIDTHS):
    r2, dim = np.sum((x - y) ** 2), x.size
    one = {
        "gaussian": lambda w: np.exp(-r2 / (2 * w * dim)),
        "imq": lambda w: 2 * w * dim / (2 * w * dim + r2),
    }[name]
    return np.mean([one(w) for w in widths])


def pairs(count, estimator):
    every = itertools.product(range(count), repeat=2)
    return [(i, j) for i, j in every if estimator == "biased" or i != j]


@BY_KERNEL
@BY_ESTIMATOR
def test_mmd_is_the_double_loop(kernel, estimator):
    reg = MMD(1.0, kernel, WIDTHS, estimator, num_prior_samples=7, dtype="float64")
    q, z = gaussian_q(0.4, 0.8, noise(0, 5, (3,), tf.float64))
    prior = standard((3,), tf.float64)
    loss = evaluate(reg, q, z, prior, seed=3)[0]
    x, y = z.numpy(), prior.sample(7, seed=seeds.stateless(3)).numpy()

    def own(a):
        return np.mean([plain_kernel(kernel, a[i], a[j]) for i, j in pairs(len(a), estimator)])

    cross = np.mean([plain_kernel(kernel, a, b) for a in x for b in y])
    np.testing.assert_allclose(loss, own(x) + own(y) - 2 * cross, rtol=1e-10)


def test_the_authors_kernel_is_one_of_ours():
    """gaussian with widths=(1.0,) is exp(-mean_d (x_d - y_d)^2 / 2)."""
    x, y = noise(1, 4, (5,)), noise(2, 6, (5,))
    g = kernels.evaluate("gaussian", (1.0,), kernels.squared_distances(x, y), 5)[0]
    theirs = np.exp(-np.mean((x[:, None] - y[None]) ** 2, axis=2) / 2)
    np.testing.assert_allclose(g, theirs, rtol=1e-5)


@BY_KERNEL
def test_kernel_derivatives(kernel):
    r2 = tf.constant([0.0, 0.3, 2.0, 40.0], tf.float64)
    with tf.GradientTape() as outer:
        outer.watch(r2)
        with tf.GradientTape() as inner:
            inner.watch(r2)
            g, g1, g2 = kernels.evaluate(kernel, WIDTHS, r2, 3)
        first = inner.gradient(g, r2)
    np.testing.assert_allclose(g1, first, rtol=1e-12)
    np.testing.assert_allclose(g2, outer.gradient(first, r2), rtol=1e-12)
    assert g[0] == 1


def test_squared_distances_are_never_negative():
    x = tf.repeat(noise(3, 1, (4,)) * 1000, 6, axis=0)
    assert np.all(kernels.squared_distances(x, x) >= 0)


def expected_gaussian_mmd(mu, s, dim, width=1.0):
    """E R for q(z) = N(mu 1, s^2 I): z - z' is normal, so each term is a Gaussian integral.

    E exp(-|d|^2 / (2 c)) with d ~ N(m, v I) is (c / (c + v))^(D / 2) exp(-|m|^2 / (2 (c + v))).
    """
    c = width * dim

    def term(m2, v):
        return (c / (c + v)) ** (dim / 2) * np.exp(-m2 / (2 * (c + v)))

    return term(0, 2 * s**2) + term(0, 2) - 2 * term(dim * mu**2, 1 + s**2)


@pytest.mark.parametrize(("mu", "s"), [(0.0, 1.0), (0.5, 1.0), (0.3, 0.6)])
def test_unbiased_gaussian_mmd_has_its_closed_form_as_expectation(mu, s):
    reg = MMD(widths=(1.0,), num_prior_samples=50)
    values = repeats(reg, mu, s, num=300, rows=32)
    assert abs(values.mean() - expected_gaussian_mmd(mu, s, 3)) < 5 * standard_error(values)


def test_biased_mmd_is_above_by_the_diagonal():
    """E biased = E unbiased + (1 - E k(z, z')) / N + (1 - E k(y, y')) / M; never negative."""
    rows, draws = 16, 10
    reg = MMD(widths=(1.0,), estimator="biased", num_prior_samples=draws)
    values = repeats(reg, 0.0, 1.0, num=300, rows=rows)
    same = (3 / 5) ** 1.5  # E k for two draws of N(0, I) in 3 dimensions
    expected = (1 - same) * (1 / rows + 1 / draws)
    assert abs(values.mean() - expected) < 5 * standard_error(values)
    assert values.min() >= 0


def naive_ksd(kernel, x, s, estimator):
    """u(x, y) with the kernel's derivatives by automatic differentiation, a pair at a time."""
    values = []
    for i, j in pairs(len(x), estimator):
        a, b = tf.constant(x[i]), tf.constant(x[j])
        with tf.GradientTape(persistent=True) as outer:
            outer.watch([a, b])
            with tf.GradientTape(persistent=True) as inner:
                inner.watch([a, b])
                r2 = tf.reduce_sum((a - b) ** 2)
                k = kernels.evaluate(kernel, WIDTHS, r2, len(x[i]))[0]
            ka, kb = inner.gradient(k, a), inner.gradient(k, b)
        trace = np.trace(outer.jacobian(ka, b, experimental_use_pfor=False).numpy())
        values.append(k * (s[i] @ s[j]) + s[i] @ kb.numpy() + s[j] @ ka.numpy() + trace)
    return np.mean(values)


@BY_KERNEL
@BY_ESTIMATOR
def test_stein_is_the_double_loop(kernel, estimator):
    reg = Stein(1.0, kernel, WIDTHS, estimator, dtype="float64")
    q, z = gaussian_q(0.4, 0.8, noise(4, 4, (3,), tf.float64))
    loss = evaluate(reg, q, z, standard((3,), tf.float64))[0]
    np.testing.assert_allclose(loss, naive_ksd(kernel, z.numpy(), -z.numpy(), estimator), rtol=1e-9)


def test_score_of_a_chain():
    """The Markov prior's score is -precision z, by linear algebra."""
    a, b = 0.9, 0.5
    z = noise(5, 4, (2, 3), tf.float64)
    precision = np.linalg.inv([[1.0, a], [a, a**2 + b**2]])
    expected = -np.einsum("st,btz->bsz", precision, z)
    np.testing.assert_allclose(score(MarkovPrior(2, 3, a, b, tf.float64), z), expected, rtol=1e-9)


@pytest.mark.parametrize("name", ["mmd", "stein"])
def test_a_chain_as_the_prior(name):
    """0 in expectation for z drawn from the Markov prior, above 0 for independent steps."""
    prior = MarkovPrior(2, 3, 0.9, 0.5)
    reg = {"mmd": MMD(), "stein": Stein()}[name]

    @tf.function
    def both(seed):
        z_seed, r_seed = seeds.split(seed, 2)
        own = prior.sample(64, seed=seeds.stateless(z_seed))
        other = noise(z_seed, 64, (2, 3))
        return tf.stack([reg.penalty(None, z, prior, r_seed)[0] for z in (own, other)])

    own, other = np.array([both(tf.constant(i, tf.int64)) for i in range(100)]).T
    assert abs(own.mean()) < 5 * standard_error(own)
    assert other.mean() > 5 * standard_error(other)


@pytest.mark.parametrize(("mu", "dim"), [(0.0, 2), (0.5, 2), (0.5, 6)])
def test_stein_of_a_shifted_normal(mu, dim):
    """R = |mu|^2 E k = D mu^2 (1 + 2 / D)^(-D / 2) for q(z) = N(mu 1, I): s_p - s_q is -mu."""
    values = repeats(Stein(), mu, 1.0, num=300, rows=64, event=(dim,))
    expected = dim * mu**2 * (1 + 2 / dim) ** (-dim / 2)
    assert abs(values.mean() - expected) < 5 * standard_error(values)


def test_biased_stein_is_above_by_the_diagonal():
    """u(x, x) = |s|^2 + 1 at width 1, of mean D + 1 under the prior; and it is never negative."""
    values = repeats(Stein(estimator="biased"), 0.0, 1.0, num=300, rows=16)
    assert abs(values.mean() - (3 + 1) / 16) < 5 * standard_error(values)
    assert values.min() >= 0


def test_gather_on_one_replica_is_nothing():
    z = noise(6, 4, (3,))
    assert batch.gather(z) is z


@pytest.mark.parametrize("cls", [MMD, Stein])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"kernel": "laplace"}, r"unknown kernel 'laplace'; known: gaussian, imq"),
        ({"widths": ()}, "widths"),
        ({"widths": (1.0, -1.0)}, "widths"),
        ({"estimator": "best"}, "known: biased, unbiased"),
    ],
)
def test_bad_arguments(cls, bad, message):
    with pytest.raises(ValueError, match=message):
        cls(**bad)


def test_bad_number_of_prior_draws():
    with pytest.raises(ValueError, match="num_prior_samples must be an integer >= 2, got 1"):
        MMD(num_prior_samples=1)
    with pytest.raises(ValueError, match="num_prior_samples must be an integer"):
        MMD(num_prior_samples=200.0)


def test_a_score_that_is_not_there():
    class Flat(MarkovPrior):
        def _log_prob(self, z):
            return tf.zeros(tf.shape(z)[:1])

    with pytest.raises(ValueError, match=r"needs a gradient of log p\(z\)"):
        Stein().penalty(None, noise(7, 4, (2, 3)), Flat(2, 3, 0.9, 0.5), 0)

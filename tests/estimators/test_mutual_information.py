"""Bounds on I(x; z): the linear-Gaussian closed form, naive loops, the cap, calibrated errors."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

from tests.estimators import linear_gaussian as lg
from tfgvae import Marginal, SeqVAE, seeds
from tfgvae.estimators import pairwise
from tfgvae.estimators.mutual_information import mutual_information

tfd = tfp.distributions


def exact(gain, stddev):
    """I = 1/2 log det(I + G Sigma G' / t^2), and KL(q(z) || N(0, I)), for q = N(G (x - b), t^2)."""
    signal = gain @ lg.COVARIANCE @ gain.T
    noise = np.diag(np.broadcast_to(stddev, lg.Z) ** 2)
    information = 0.5 * np.linalg.slogdet(np.eye(lg.Z) + np.linalg.solve(noise, signal))[1]
    total = signal + noise
    marginal = 0.5 * (np.trace(total) - lg.Z - np.linalg.slogdet(total)[1])
    return information, marginal


@pytest.mark.parametrize("stddev", [0.3, 1.0, 3.0])
def test_bounds_bracket_the_closed_form(stddev):
    """I of 2.2, 0.6 and 0.1 nats, far below log 1000 = 6.9."""
    gain = np.array([[1.0], [0.8]]) * lg.GAIN
    model, x = lg.build(gain=gain, stddev=stddev), lg.draws(1000, seed=0)
    information, marginal = exact(gain, stddev)
    found = mutual_information(model, x, seed=0, batch_size=300)
    assert found.lower.value - 5 * found.lower.standard_error < information
    assert found.upper.value + 5 * found.upper.standard_error > information
    # They part by about the own code's share of its denominator, E q(z|x) / q(z) = e^(2 I) over M.
    assert found.upper.value - found.lower.value < 2 * math.exp(2 * information) / 1000
    assert found.marginal_kl_lower.value - 5 * found.marginal_kl_lower.standard_error < marginal
    assert found.marginal_kl_upper.value + 5 * found.marginal_kl_upper.standard_error > marginal
    assert abs(found.kl.value - information - marginal) < 5 * found.kl.standard_error
    # I <= E KL(q(z|x) || p(z)) too: the smaller of the two upper bounds is one.
    least = found.least_upper
    assert least.value + 5 * least.standard_error > information
    assert least.value <= information + max(marginal, 2 * math.exp(2 * information) / 1000)


@pytest.mark.slow
def test_standard_errors_are_those_of_repeated_experiments():
    """Over 100 sets of 150 images: spread of the values against the mean of their errors^2."""
    model, runs = lg.build(stddev=0.5), 100
    found = [mutual_information(model, lg.draws(150, seed=s), seed=s) for s in range(runs)]
    for name in ("lower", "upper", "marginal_kl_lower", "marginal_kl_upper", "kl"):
        values = np.array([getattr(f, name).value for f in found])
        errors = np.array([getattr(f, name).standard_error for f in found])
        # s^2 of n normals has the relative deviation sqrt(2 / n); 15 % are for terms in 1/M.
        ratio = values.var(ddof=1) / (errors**2).mean()
        assert abs(ratio - 1) < 5 * math.sqrt(2 / runs) + 0.15, name


def test_the_values_are_those_of_naive_loops():
    """Every pair by scipy; the errors against the exact delete-one jackknife's."""
    model, x, count = lg.build(stddev=1.0), lg.draws(150, seed=1), 150
    rows = seeds.rows(seeds.fold_in(7, 0), count)
    z, q = model.encode(x, rows).numpy(), model.posterior(x).distribution
    pairs = scipy.stats.norm(q.loc, q.scale).logpdf(z[:, None]).sum(-1)

    def bounds(kept):
        part, m = pairs[np.ix_(kept, kept)], len(kept)
        own = np.diag(part)
        every = scipy.special.logsumexp(part, axis=1) - math.log(m)
        rest = [scipy.special.logsumexp(np.delete(row, i)) for i, row in enumerate(part)]
        return np.mean(own - every), np.mean(own - rest) + math.log(m - 1)

    found = mutual_information(model, x, seed=7)
    lower, upper = bounds(np.arange(count))
    np.testing.assert_allclose(found.lower.value, lower, rtol=1e-6)
    np.testing.assert_allclose(found.upper.value, upper, rtol=1e-6)
    deleted = np.array([bounds(np.delete(np.arange(count), m)) for m in range(count)])
    jackknife = np.sqrt((count - 1) * deleted.var(axis=0))
    errors = [found.lower.standard_error, found.upper.standard_error]
    # The two jackknives agree to first order in e^(2 I) / M = 0.02.
    np.testing.assert_allclose(errors, jackknife, rtol=0.1)


def test_blocks_do_not_matter():
    model, x = lg.build(), lg.draws(40, seed=2)
    whole = mutual_information(model, x, seed=3, batch_size=1000)
    for batch_size in (7, 20):
        found = mutual_information(model, x, seed=3, batch_size=batch_size)
        for name in ("lower", "upper", "kl"):
            one, other = getattr(found, name), getattr(whole, name)
            np.testing.assert_allclose(one.value, other.value, rtol=1e-4)
            np.testing.assert_allclose(one.standard_error, other.standard_error, rtol=1e-4)


def test_codes_that_name_their_image_are_at_the_cap():
    """Means 3 apart with a deviation of 0.002: the lower bound is log M."""
    gain = 3 / 0.3 * lg.GAIN
    model, x = lg.build(gain=gain, stddev=0.002), lg.draws(64, seed=4)
    found = mutual_information(model, x, seed=0, batch_size=20)
    assert exact(gain, 0.002)[0] > 2 * found.cap
    np.testing.assert_allclose(found.lower.value, math.log(64), rtol=1e-9)
    assert found.lower.standard_error < 1e-9
    assert found.upper.value > found.kl.value > exact(gain, 0.002)[0]
    assert found.least_upper.value == found.kl.value and found.least_upper.kind == "upper bound"


def test_a_code_that_ignores_the_image_has_no_information():
    model, x = lg.build(gain=np.zeros([lg.Z, lg.D]), stddev=1.0), lg.draws(40, seed=4)
    found = mutual_information(model, x, seed=0, num_codes=3)
    for bound in (found.lower, found.upper, found.kl):
        np.testing.assert_allclose([bound.value, bound.standard_error], 0, atol=1e-6)


def test_more_codes_leave_the_expectation_and_lower_the_error():
    model, x = lg.build(stddev=1.0), lg.draws(300, seed=5)
    one, many = (mutual_information(model, x, seed=s, num_codes=n) for s, n in ((1, 1), (2, 8)))
    assert many.lower.standard_error < one.lower.standard_error
    # The images are the same: the difference has less variance than both together.
    error = math.hypot(one.lower.standard_error, many.lower.standard_error)
    assert abs(one.lower.value - many.lower.value) < 5 * error


def test_pairs_of_narrow_gaussians_are_exact():
    """A deviation of 0.002 and means 3 apart: against direct differences in float64."""
    rng = np.random.default_rng(0)
    mean = (3 * rng.normal(size=[30, 20])).astype(np.float32)
    stddev = np.full([30, 20], 0.002, np.float32)
    z = mean + stddev * rng.normal(size=[30, 20]).astype(np.float32)
    found = pairwise.log_prob(tfd.Independent(tfd.Normal(mean, stddev), 1), tf.constant(z))
    wide = [value.astype(np.float64) for value in (z[:, None], mean[None], stddev[None])]
    expected = scipy.stats.norm(wide[1], wide[2]).logpdf(wide[0]).sum(-1)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-6)


@pytest.mark.parametrize("largest", [1, 40, 1 << 26])
def test_pairs_of_other_distributions_broadcast(largest, monkeypatch):
    monkeypatch.setattr(pairwise, "LARGEST", largest)
    rng = np.random.default_rng(0)
    logits = rng.normal(size=[5, 3]).astype(np.float32)
    q = tfd.OneHotCategorical(logits=logits, dtype=tf.float32)
    found = pairwise.log_prob(q, tf.eye(3))
    np.testing.assert_allclose(found, scipy.special.log_softmax(logits, axis=1).T, rtol=1e-5)


def test_chains_of_latents_and_models_without():
    """A prior without a closed KL takes the codes' own; event [0] has no information."""
    x = seeds.batch_uniform(0, 12, lg.IMAGE)
    chain = SeqVAE(lg.IMAGE, 2, 4, width=4, dense=(6,), kernel_size=3, latent_prediction=True)
    found = mutual_information(chain, x, seed=0, batch_size=5, num_codes=2)
    assert found.lower.value <= found.cap
    rows = [seeds.rows(seeds.fold_in(0, code), 12) for code in range(2)]
    codes = [chain.encode(x, r) for r in rows]
    kl = [chain.posterior(x).log_prob(z) - chain.prior().log_prob(z) for z in codes]
    np.testing.assert_allclose(found.kl.value, np.mean(kl), rtol=1e-4)
    alone = mutual_information(Marginal(lg.IMAGE), x)
    np.testing.assert_allclose(
        [alone.lower.value, alone.upper.value, alone.kl.value], 0, atol=1e-12
    )


def test_progress_and_refusals():
    model, x, calls = lg.build(), lg.draws(5, seed=0), []
    mutual_information(model, x, 0, None, 2, 2, lambda *done: calls.append(done))
    assert calls == [(n, 12) for n in range(1, 13)]
    for arguments, message in (
        ({"images": x[:1]}, "at least 2 images"),
        ({"num_codes": 0}, "num_codes"),
        ({"batch_size": 0}, "batch_size"),
    ):
        with pytest.raises(ValueError, match=message):
            mutual_information(model, **{"images": x, **arguments})

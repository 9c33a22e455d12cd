"""Estimators of a corrupted q~(z|x) = E_C q(z|x~), against a closed form."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tests.estimators import corrupted_gaussian as cg
from tests.estimators import linear_gaussian as lg
from tfgvae import seeds
from tfgvae.estimators import critic
from tfgvae.estimators.active_units import active_units
from tfgvae.estimators.annealed_importance import annealed_importance
from tfgvae.estimators.log_likelihood import importance_weighted
from tfgvae.estimators.mutual_information import mutual_information
from tfgvae.estimators.posterior_variance import posterior_variance

GAIN = np.array([[1.0], [0.8]]) * lg.GAIN
STDDEV = 0.3


def law():
    """The covariances of z given x and of its mean, and I(x; z) = 1/2 log det(I + N^-1 S)."""
    noise, signal = cg.covariance(GAIN, STDDEV), GAIN @ lg.COVARIANCE @ GAIN.T
    information = 0.5 * np.linalg.slogdet(np.eye(lg.Z) + np.linalg.solve(noise, signal))[1]
    return noise, signal, information


def test_codes_have_the_law_of_the_mixture():
    """Mean and covariance of 20000 codes of one image, within five standard errors."""
    model, count = cg.build(GAIN, stddev=STDDEV), 20000
    x = lg.draws(1, seed=0)
    z = model.encode(np.repeat(x, count, axis=0), seed=3).numpy()
    expected = cg.covariance(GAIN, STDDEV)
    mean = GAIN @ (x.reshape(-1) - lg.B)
    errors = np.sqrt(np.diag(expected) / count)
    assert (np.abs(z.mean(0) - mean) < 5 * errors).all()
    # Var of a sample covariance of normals: (c_ij^2 + c_ii c_jj) / n.
    spread = np.sqrt((expected**2 + np.outer(np.diag(expected), np.diag(expected))) / count)
    assert (np.abs(np.cov(z.T) - expected) < 5 * spread).all()


def test_information_bounds_bracket_the_closed_form():
    model, x = cg.build(GAIN, stddev=STDDEV), lg.draws(400, seed=0)
    noise, signal, information = law()
    total = signal + noise
    marginal = 0.5 * (np.trace(total) - lg.Z - np.linalg.slogdet(total)[1])
    found = mutual_information(model, x, seed=0, batch_size=400)
    assert found.lower.value - 5 * found.lower.standard_error < information
    assert found.upper.value + 5 * found.upper.standard_error > information
    # The lower one is not vacuous: with the true densities as critic it would lose little.
    assert found.lower.value > 0.7 * information
    # E_C KL(q(z|x~) || p(z)) exceeds KL(q~(z|x) || p(z)) by I(x~; z | x), in closed form.
    left = 0.5 * (np.linalg.slogdet(noise)[1] - 2 * lg.Z * math.log(STDDEV))
    expected = information + marginal + left
    assert abs(found.kl.value - expected) < 5 * found.kl.standard_error


@pytest.mark.slow
def test_a_trained_critic_loses_little_against_the_true_density(monkeypatch):
    """The best critic is the density of q~. I is far below log M."""
    monkeypatch.setattr(critic, "STEPS", 200)
    model, x = cg.build(GAIN, stddev=STDDEV), lg.draws(400, seed=0)
    noise, _, information = law()
    found = mutual_information(model, x, seed=0, training_images=lg.draws(2000, seed=1)).lower
    assert found.value - 5 * found.standard_error < information
    z = model.encode(x, seeds.rows(seeds.fold_in(0, 0), 400)).numpy()
    means = (x.reshape(400, -1) - lg.B) @ GAIN.T
    best = scipy.stats.multivariate_normal(np.zeros(lg.Z), noise)
    pairs = best.logpdf(z[:, None] - means[None])
    terms = np.diag(pairs) - scipy.special.logsumexp(pairs, axis=1) + math.log(400)
    # The terms are of the same codes: their differences have the error of the comparison.
    assert found.value > 0.9 * terms.mean()
    assert found.value < terms.mean() + 5 * scipy.stats.sem(terms)


def test_a_critic_is_the_same_for_the_same_seed_and_needs_a_corruption(monkeypatch):
    monkeypatch.setattr(critic, "STEPS", 20)
    x, others = lg.draws(20, seed=0), lg.draws(50, seed=1)
    model = cg.build(GAIN, stddev=STDDEV)
    first, again = (mutual_information(model, x, training_images=others).lower for _ in range(2))
    assert first.value == again.value
    with pytest.raises(ValueError, match="training_images are for a corrupted q"):
        mutual_information(lg.build(), x, training_images=others)


@pytest.mark.parametrize("corrupted", [True, False])
def test_without_the_leave_one_out_bound_the_kl_is_the_upper_one(corrupted):
    model = cg.build(GAIN, stddev=STDDEV) if corrupted else lg.build()
    x, ticks = lg.draws(60, seed=0), []
    whole = mutual_information(model, x, seed=3)
    found = mutual_information(
        model, x, seed=3, leave_one_out=False, progress=lambda *done: ticks.append(done)
    )
    assert found.lower == whole.lower
    assert (found.upper.value, found.upper.standard_error) == pytest.approx(
        (whole.kl.value, whole.kl.standard_error)
    )
    assert found.marginal_kl_lower.value == 0
    assert ticks[-1] == (len(ticks), len(ticks))


def test_importance_weights_of_the_joint_draw_have_the_mean_p():
    """E p(x, z) / q(z|x~) = p(x): the bound rises to log p(x)."""
    model, count = cg.build(stddev=0.5), 8
    x = lg.draws(count, seed=2)
    truth = lg.log_p(x)
    found = importance_weighted(model, x, 1000, seed=0)
    # By the delta method log mean w has the variance 1 / ESS - 1 / K and the bias -half of it.
    variance = 1 / found.effective_sample_size - 1 / 1000
    error = 5 * np.sqrt(variance.sum()) / count
    assert abs(np.mean(found.log_likelihood + variance / 2 - truth)) < error + 1e-2
    one = importance_weighted(model, x, 1, seed=0)
    assert one.estimate.value < truth.mean() + 5 * one.estimate.standard_error


def test_the_objective_is_a_lower_bound():
    """nll + E_C KL(q(z|x~) || p(z)) >= -log p(x) on average."""
    model, x = cg.build(stddev=0.5), lg.draws(500, seed=4)
    terms = model(x)
    short = lg.log_p(x) - terms["elbo"].numpy()
    assert short.mean() > -5 * scipy.stats.sem(short)


def test_what_needs_a_density_is_refused():
    model, x = cg.build(), lg.draws(4, seed=0)
    with pytest.raises(ValueError, match="needs E_q"):
        active_units(model, x)
    with pytest.raises(ValueError, match="has no density: the weights of the images need it"):
        posterior_variance(model, x, model.encode(x, seed=0))
    with pytest.raises(ValueError, match="has no density: use start='prior'"):
        annealed_importance(model, x, start="posterior")


def test_a_row_is_the_same_in_any_batch():
    model, x = cg.build(), lg.draws(5, seed=0)
    rows = seeds.rows(3, 5)
    whole = model.encode(x, rows).numpy()
    np.testing.assert_allclose(whole[3:4], model.encode(x[3:4], rows[3:4]), rtol=1e-4, atol=1e-5)

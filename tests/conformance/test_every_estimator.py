"""Every estimator on every model: values within their bounds, or the reason for an error."""

import numpy as np
import pytest
import scipy.special

from tests.conformance.tiny_models import IMAGE, batch, each, images, label, refused, shared
from tfgvae import seeds
from tfgvae.estimators.active_units import active_units
from tfgvae.estimators.aggregate_posterior import aggregate_posterior
from tfgvae.estimators.annealed_importance import bdmc
from tfgvae.estimators.log_likelihood import importance_weighted
from tfgvae.estimators.mutual_information import mutual_information
from tfgvae.estimators.posterior_variance import posterior_variance

# The models that an estimator refuses, and the words of its reason. The others must run.
_CHAINS = ("infusion", "infusion-constant", "infusion-walkback")
_CONDITIONAL = (
    "seqvae-conditional",
    "seqvae-authors-conditional",
    "seqvae-iwae",
    "seqvae-walkback",
)
NO_MEAN = dict.fromkeys((*_CHAINS, *_CONDITIONAL, "gvae-flow", "gvae-corrupted"), "needs E_q")
NO_DENSITY = {"gvae-corrupted": "has no density"}
NO_LATENTS = dict.fromkeys(("marginal", "marginal-label", "marginal-pixelcnn"), "no latents")
NO_GRADIENT = dict.fromkeys((*_CHAINS, "gvae-classifier"), "use importance_weighted")


@each
def test_the_streamed_bound_is_the_models_own(key):
    model = shared(key)
    x, more = images(batch(model, 4)), label(model, 4)
    found = importance_weighted(model, x, 5, seed=2, chunk_size=2, batch_size=3, **more)
    own = model.log_likelihood(x, 5, seed=2, **more)
    np.testing.assert_allclose(found.log_likelihood, own, rtol=1e-4)
    assert found.estimate.kind == ("lower bound" if model.has_latents else "exact")


@each
def test_information_is_that_of_all_pairs_one_by_one(key):
    """Both bounds from q's density of every code under every image, without blocks."""
    model = shared(key)
    x = images(batch(model, 6))
    found = mutual_information(model, x, seed=0, batch_size=4)
    if key in NO_DENSITY:  # Other formulas: tests/estimators/test_corrupted.py.
        assert found.lower.value <= found.upper.value
        return
    codes = model.encode(x, seeds.rows(seeds.fold_in(0, 0), 6))
    pairs = [model.posterior(x[j : j + 1]).log_prob(codes) for j in range(6)]
    pairs = np.stack([np.broadcast_to(p, [6]) for p in pairs], axis=1).astype(np.float64)
    own = np.diag(pairs)
    others = np.where(np.eye(6, dtype=bool), -np.inf, pairs)
    lower = own - scipy.special.logsumexp(pairs, axis=1) + np.log(6)
    upper = own - scipy.special.logsumexp(others, axis=1) + np.log(5)
    np.testing.assert_allclose(found.lower.value, lower.mean(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.upper.value, upper.mean(), rtol=1e-3, atol=1e-4)


@each
def test_the_variance_at_codes_is_that_of_the_images(key):
    """Between 0, of one image, and half of the largest squared distance of two."""
    model = shared(key)
    x = images(batch(model, 6))
    with refused(NO_DENSITY, key):
        found = posterior_variance(model, x, model.encode(x[:2], seed=0), batch_size=4)
    if key in NO_DENSITY:
        return
    flat = np.reshape(x, [6, -1])
    largest = ((flat[:, None] - flat) ** 2).sum(-1).max() / 2
    assert (found.total >= 0).all() and (found.total <= largest + 1e-6).all()
    assert found.mean.shape == (2, *IMAGE)
    sizes = found.effective_sample_size
    assert (sizes >= 1 - 1e-9).all() and (sizes <= 6 + 1e-9).all()


@each
def test_units_are_the_variances_of_the_posterior_means(key):
    model = shared(key)
    x = images(batch(model, 6))
    with refused(NO_MEAN, key):
        units = active_units(model, x, batch_size=4)
        expected = np.var(model.posterior(x).mean(), axis=0, ddof=1)
        np.testing.assert_allclose(units.covariance, expected, rtol=1e-3, atol=1e-7)


@each
def test_the_aggregates_p_value_is_its_rank_among_permutations(key):
    model = shared(key)
    with refused(NO_LATENTS, key):
        found = aggregate_posterior(model, images(batch(model, 6)), num_permutations=9)
        rank = 1 + (found.null >= found.statistic - 1e-12).sum()
        assert found.p_value == rank / 10 and len(found.null) == 9
        assert abs(found.statistic) <= 2


@pytest.mark.slow
@each
def test_chains_bracket_the_likelihood_of_what_the_model_draws(key):
    """The upper bound is not below the lower one by more than chance."""
    model = shared(key)
    with refused({**NO_LATENTS, **NO_GRADIENT}, key):
        found = bdmc(model, 8, 4, 20, num_leapfrog=2, **label(model, 8))
        assert found.gap.value > -5 * found.gap.standard_error
        assert found.lower.value <= found.upper.value + 5 * found.gap.standard_error

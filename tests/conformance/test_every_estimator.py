"""What the estimators of a model make of every model: values in their bounds, or a reason."""

import numpy as np
import pytest

from tests.conformance.tiny_models import IMAGE, batch, build, each, images, label
from tfgvae.estimators.active_units import active_units
from tfgvae.estimators.aggregate_posterior import aggregate_posterior
from tfgvae.estimators.annealed_importance import bdmc
from tfgvae.estimators.log_likelihood import importance_weighted
from tfgvae.estimators.mutual_information import mutual_information
from tfgvae.estimators.posterior_variance import posterior_variance


@each
def test_the_streamed_bound_is_the_models_own(key):
    model = build(key)
    x, more = images(batch(model, 4)), label(model, 4)
    found = importance_weighted(model, x, 5, seed=2, chunk_size=2, batch_size=3, **more)
    own = model.log_likelihood(x, 5, seed=2, **more)
    np.testing.assert_allclose(found.log_likelihood, own, rtol=1e-4)
    assert found.estimate.kind == ("lower bound" if model.has_latents else "exact")


@each
def test_information_is_split_in_two_and_capped(key):
    model = build(key)
    found = mutual_information(model, images(batch(model, 6)), seed=0, batch_size=4)
    assert found.lower.value <= found.cap + 1e-9 and np.isfinite(found.upper.value)
    np.testing.assert_allclose(
        found.marginal_kl_upper.value, found.kl.value - found.lower.value, atol=1e-6
    )


@each
def test_the_variance_at_codes_is_that_of_the_images(key):
    """Between 0, of one image, and half of the largest squared distance of two."""
    model = build(key)
    x = images(batch(model, 6))
    found = posterior_variance(model, x, model.encode(x[:2], seed=0), batch_size=4)
    flat = np.reshape(x, [6, -1])
    largest = ((flat[:, None] - flat) ** 2).sum(-1).max() / 2
    assert (found.total >= 0).all() and (found.total <= largest + 1e-6).all()
    assert found.mean.shape == (2, *IMAGE)
    sizes = found.effective_sample_size
    assert (sizes >= 1 - 1e-9).all() and (sizes <= 6 + 1e-9).all()


@each
def test_units_and_the_aggregate_have_values_or_a_reason(key):
    model = build(key)
    x = images(batch(model, 6))
    try:
        units = active_units(model, x)
        assert units.covariance.shape == tuple(model.latent_shape)
    except ValueError as error:
        assert "this q has not" in str(error)
    if not model.has_latents:
        with pytest.raises(ValueError, match="no latents"):
            aggregate_posterior(model, x)
        return
    found = aggregate_posterior(model, x, num_permutations=9)
    assert 0.1 <= found.p_value <= 1 and np.isfinite(found.statistic)


@pytest.mark.slow
@each
def test_chains_run_or_say_why_not(key):
    model = build(key)
    try:
        found = bdmc(model, 2, 2, 2, num_leapfrog=1, **label(model, 2))
        assert np.isfinite([found.lower.value, found.upper.value]).all()
    except ValueError as error:
        assert "no latents" in str(error) or "use importance_weighted" in str(error)

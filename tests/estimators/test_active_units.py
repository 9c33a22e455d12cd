"""Active units: numpy's variance, closed forms, a calibrated error bar."""

import numpy as np
import pytest

from tests.estimators import linear_gaussian as lg
from tfgvae import Marginal, SeqVAE, seeds
from tfgvae.estimators.active_units import active_units


def test_it_is_the_variance_of_the_means_in_any_batches():
    model, x = lg.build(offset=np.array([1000.0, 0.0])), lg.draws(50, seed=0)
    for batch_size in (7, 100):
        # In the same batches: how float32 rounds a matrix product depends on its number of rows.
        parts = [model.posterior(x[i : i + batch_size]) for i in range(0, 50, batch_size)]
        means = np.concatenate([q.mean().numpy().astype(np.float64) for q in parts])
        found = active_units(model, x, batch_size=batch_size)
        np.testing.assert_allclose(found.covariance, means.var(axis=0, ddof=1), rtol=1e-9)
        # The fourth moment's own estimate, without the shift and the powers.
        m4 = ((means - means.mean(0)) ** 4).mean(0)
        variance = (m4 - found.covariance**2 * 47 / 49) / 50
        np.testing.assert_allclose(found.standard_error, np.sqrt(variance), rtol=1e-6)


def test_a_dimension_that_ignores_the_image_is_not_active():
    """E[z_d|x] = g_d (x - b): of variance g_d Sigma g_d', 0.96 and 0 in closed form."""
    gain = lg.GAIN * [[1.0], [0.0]]
    found = active_units(lg.build(gain=gain), lg.draws(2000, seed=1))
    exact = np.diag(gain @ lg.COVARIANCE @ gain.T)
    assert (np.abs(found.covariance - exact) <= 5 * found.standard_error + 1e-12).all()
    assert found.active.tolist() == [True, False]
    assert (found.count.value, found.count.standard_error, found.count.unit) == (1, 0, "units")


def test_standard_errors_are_those_of_repeated_experiments():
    """The variance of n normals has the standard error sqrt(2 / (n - 1)) times itself."""
    exact = np.diag(lg.GAIN @ lg.COVARIANCE @ lg.GAIN.T)
    found = active_units(lg.build(), lg.draws(4000, seed=2))
    # The error's own spread: that of a fourth moment, sqrt(96 / 4) / sqrt(n) and less.
    np.testing.assert_allclose(found.standard_error, exact * np.sqrt(2 / 3999), rtol=0.4)


def test_a_dimension_at_the_threshold_makes_the_count_uncertain():
    found = active_units(lg.build(), lg.draws(200, seed=3))
    at = active_units(lg.build(), lg.draws(200, seed=3), threshold=float(found.covariance[0]))
    assert not at.active[0] and at.count.standard_error >= 0.5


def test_other_latent_shapes():
    x = seeds.batch_uniform(0, 6, lg.IMAGE)
    chain = SeqVAE(lg.IMAGE, 2, 4, width=4, dense=(6,), kernel_size=3)
    assert active_units(chain, x).covariance.shape == (2, 4)
    assert active_units(Marginal(lg.IMAGE), x).count.value == 0


def test_progress_and_refusals():
    model, x, calls = lg.build(), lg.draws(5, seed=0), []
    active_units(model, x, batch_size=2, progress=lambda *done: calls.append(done))
    assert calls == [(2, 5), (4, 5), (5, 5)]
    for arguments, message in (
        ({"images": x[:1]}, "at least 2"),
        ({"threshold": 0.0}, "threshold"),
    ):
        with pytest.raises(ValueError, match=message):
            active_units(model, **{"images": x, **arguments})

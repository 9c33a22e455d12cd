"""R-hat, effective size, autocorrelation: AR(1) chains, naive formulas, chains that stand still."""

import numpy as np
import pytest
import scipy.stats

from tests.estimators.chains.autoregressive_chains import ar1
from tfgvae.estimators.chains.convergence import autocorrelation, effective_sample_size, split_rhat
from tfgvae.estimators.chains.diagnostics import diagnose


def test_split_rhat_is_the_formula():
    chain = ar1(40, 5, 3, 0.6, seed=0)
    halves = np.concatenate([chain[:20], chain[20:]], axis=1)
    n, m = 20, 10
    within = halves.var(axis=0, ddof=1).mean(axis=0)
    between = n * halves.mean(axis=0).var(axis=0, ddof=1)
    pooled = (n - 1) / n * within + between / n
    # Gelman & Rubin's, with the term for the sampling of m chains.
    expected = np.sqrt((m + 1) / m * pooled / within - (n - 1) / (m * n))
    np.testing.assert_allclose(split_rhat(chain), expected)


def test_split_rhat_of_independent_draws_is_near_one():
    # R^2 - 1 is about (F - 1) / n, F of F(m - 1, m (n - 1)): m = 100 halves of n = 50.
    high = scipy.stats.f.ppf(1 - 1e-6, 99, 100 * 49)
    assert split_rhat(ar1(100, 50, 1, 0.0, seed=0))[0] < np.sqrt(1 + (1.01 * high - 1) / 50)


def test_split_rhat_sees_a_trend_and_two_modes():
    # R^2 = 1 + variance between the half chains' means / variance within a half. A trend by 5 puts
    # the halves 2.5 apart and spreads each over 2.5; modes at 0 and 8 are 16 of variance.
    trend = ar1(100, 20, 1, 0.0, seed=0) + np.linspace(0, 5, 100)[:, None, None]
    modes = ar1(100, 20, 1, 0.0, seed=0) + np.repeat([0.0, 8.0], 10)[:, None]
    # 2000 draws give a variance to sqrt(2 / 2000) = 3 %, its root to half of that.
    expected = np.sqrt(1 + 1.25**2 / (1 + 2.5**2 / 12))
    assert split_rhat(trend)[0] == pytest.approx(expected, rel=5 * 0.016)
    assert split_rhat(modes)[0] == pytest.approx(np.sqrt(17), rel=5 * 0.016)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_autocorrelation_of_an_ar1_chain_is_a_power(phi):
    # 200 chains, each of which gives an estimate of its own: the error bar is theirs.
    chain = ar1(1000, 200, 1, phi, seed=1)
    lags = np.arange(6)
    each = np.concatenate([autocorrelation(chain[:, i : i + 5], 5) for i in range(0, 200, 5)], 1)
    error = each.std(axis=1, ddof=1) / np.sqrt(40)
    # Two terms of Bartlett's bias of order 1/n remain.
    slack = 4 / (1000 * (1 - phi))
    assert np.all(np.abs(autocorrelation(chain, 5)[:, 0] - phi**lags) < 5 * error + slack)


def test_autocorrelation_is_the_naive_mean():
    chain = ar1(12, 3, 2, 0.5, seed=0)
    centred = chain - chain.mean(axis=(0, 1))
    for k in range(5):
        naive = [np.mean(centred[: 12 - k, c] * centred[k:, c], axis=0) for c in range(3)]
        expected = np.mean(naive, axis=0) / np.square(centred).mean(axis=(0, 1))
        np.testing.assert_allclose(autocorrelation(chain, 4)[k], expected)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_effective_size_of_an_ar1_chain_has_a_closed_form(phi):
    steps, chains = 2000, 20
    each = [effective_sample_size(ar1(steps, chains, 1, phi, seed=seed))[0] for seed in range(30)]
    expected = steps * chains * (1 - phi) / (1 + phi)
    # The sum is cut where pairs turn negative: within a few per cent of all of it.
    assert abs(np.mean(each) - expected) < 5 * scipy.stats.sem(each) + 0.03 * expected


def test_effective_size_of_an_alternating_chain_is_capped():
    chain = ar1(100, 4, 1, -0.999, seed=0)
    assert effective_sample_size(chain)[0] <= 400 * np.log10(400) + 1e-9


def test_two_modes_are_worth_two_draws():
    rng = np.random.default_rng(0)
    chain = np.repeat([0.0, 100.0], 5)[None, :, None] + rng.normal(size=(400, 10, 1))
    # Between chains: 10 values of two modes; within: nothing that moves the mean.
    assert effective_sample_size(chain)[0] < 15
    np.testing.assert_allclose(autocorrelation(chain, 50), 1, atol=0.01)


def test_chains_that_stand_still_give_numbers():
    rng = np.random.default_rng(0)
    chain = np.zeros([20, 6, 3])
    chain[:, :, 1] = np.arange(6)  # Each at its own place.
    chain[:, :, 2] = rng.normal(size=(20, 6))
    found = diagnose(chain, ["constant", "frozen", "free"])
    assert found.split_rhat[0] == 1 and found.split_rhat[1] == np.inf
    np.testing.assert_allclose(found.effective_sample_size[:2], [120, 6])
    np.testing.assert_array_equal(found.autocorrelation[1:, 0], 0)
    np.testing.assert_allclose(found.autocorrelation[:, 1], 1)
    assert not np.isnan(found.autocorrelation).any()
    assert np.isfinite(found.effective_sample_size).all()
    described = found.as_dict()
    assert described["split_rhat"][1] is None and described["names"][1] == "frozen"


def test_diagnose_flattens_states_and_takes_half_the_lags():
    found = diagnose(np.random.default_rng(0).normal(size=(9, 3, 2, 2)))
    assert found.names == ("0", "1", "2", "3")
    assert found.autocorrelation.shape == (5, 4)
    np.testing.assert_allclose(found.autocorrelation[0], 1)
    assert (found.num_steps, found.num_chains) == (9, 3)


@pytest.mark.parametrize(
    "chain, options, message",
    [
        (np.zeros([3, 4, 1]), {}, "num_steps >= 4"),
        (np.zeros([8, 1, 1]), {}, "num_chains >= 2"),
        (np.full([8, 4, 1], np.nan), {}, "chain must be finite"),
        (np.zeros([8, 4, 2]), {"names": ["a"]}, "expected 2 names"),
        (np.zeros([8, 4, 2]), {"max_lag": 8}, "max_lag must be an integer from 0 to 7"),
    ],
)
def test_what_is_no_chain_is_refused(chain, options, message):
    with pytest.raises(ValueError, match=message):
        diagnose(chain, **options)

"""Mixing: chains with known laws at each step, and modes that no chain leaves."""

import numpy as np
import pytest
import scipy.stats

from tests.estimators.chains.autoregressive_chains import ar1
from tfgvae.estimators.chains.diagnostics import compare_starts, distance_to_data, mixing
from tfgvae.estimators.chains.energy import energy_band

# One false alarm in a thousand runs: no test here depends on a lucky seed.
SURE = {"level": 1e-3, "num_permutations": 2000}


def draws(seed, steps=40, chains=32, size=2):
    return np.random.default_rng(seed).normal(size=(steps, chains, size))


@pytest.mark.parametrize("known", [1, 4, 11])
def test_chains_that_are_independent_draws_from_a_step_on_mix_there(known):
    noise = draws(0)
    noise[: known - 1] += 10.0  # The states after known - 1 steps are the last to differ.
    found = compare_starts(noise, draws(1), **SURE)
    assert found.steps == found.alike_after == known
    assert mixing(noise, draws(1), **SURE) == f"mixes within {known} step{'s' * (known > 1)}"


def test_an_ar1_chain_mixes_when_its_start_is_lost_in_the_noise():
    # After s steps from +-delta the means differ by 2 delta phi^s: a z score of that times
    # sqrt(n / 2), which is seen for sure at 9, and is lost for sure at 0.5.
    phi, delta, n = 0.6, 100.0, 64
    noise = ar1(120, n, 1, phi, seed=0, start=np.full([n, 1], delta))
    data = ar1(120, n, 1, phi, seed=1, start=np.full([n, 1], -delta))
    first, last = (np.log(2 * delta * np.sqrt(n / 2) / z) / -np.log(phi) for z in (9, 0.5))
    found = compare_starts(noise, data, **SURE)
    assert first < found.steps <= np.ceil(last)


def test_modes_that_no_chain_leaves_have_not_converged():
    apart = draws(0) + 20.0
    found = compare_starts(apart, draws(1), **SURE)
    assert found.steps is None and found.alike_after is None
    assert str(found) == (
        "has not converged after 40 steps: chains from noise and from data still differ"
    )


def test_modes_that_both_starts_share_out_have_not_converged():
    # The ensembles have one law at every step, but no chain sees both modes.
    modes = 20.0 * (np.arange(32) % 2)[:, None]
    found = compare_starts(draws(0) + modes, draws(1) + modes, ["x", "y"], **SURE)
    assert found.steps is None and found.alike_after == 1
    assert found.rhat > 5 and found.worst in ("x", "y")
    assert "but the chains differ from each other: R-hat" in str(found)


def test_chains_that_agree_only_at_the_end_have_not_converged():
    noise = draws(0)
    noise[:30] += 10.0
    found = compare_starts(noise, draws(1), **SURE)
    assert found.steps is None and found.alike_after == 31
    assert str(found) == (
        "has not converged after 40 steps: chains from noise and from data are alike after 31, "
        "which leaves too few to judge"
    )


def test_a_slow_chain_is_found_out_by_rhat():
    # tau = (1 + phi) / (1 - phi) = 39 steps of 50: R^2 - 1 is of the order of (tau - 1) / 25.
    found = compare_starts(ar1(50, 32, 1, 0.95, seed=0), ar1(50, 32, 1, 0.95, seed=1), **SURE)
    assert found.steps is None and found.rhat > 1.05


def test_states_that_never_change_mix_at_once():
    same = np.full([10, 4, 2], 0.1)
    found = compare_starts(same, same)
    assert str(found) == "mixes within 1 step"
    assert np.isfinite([found.rhat, *found.energy.distance, *found.energy.upper]).all()


def test_false_alarms_come_at_the_level_over_all_steps_together():
    # Chains with one law and a memory; the band is for all 20 steps at once.
    alarms = 0
    for i in range(200):
        a, b = ar1(20, 30, 2, 0.8, seed=i).reshape(20, 2, 15, 2).swapaxes(0, 1)
        alarms += energy_band(a, b, level=0.1, num_permutations=99, seed=i).outside.any()
    assert abs(alarms - 20) < 5 * np.sqrt(200 * 0.1 * 0.9)


def test_the_energy_distance_is_the_naive_mean():
    a, b = draws(0, steps=2, chains=5), 2 * draws(1, steps=2, chains=4) + 1
    pooled = np.concatenate([a[1], b[1]])
    x, y = a[1] / pooled.std(axis=0), b[1] / pooled.std(axis=0)

    def mean(u, v):
        return np.mean([np.linalg.norm(p - q) for p in u for q in v])

    expected = 2 * mean(x, y) - mean(x, x) - mean(y, y)
    assert energy_band(a, b).distance[1] == pytest.approx(expected)


def test_the_energy_distance_in_one_dimension_is_scipys():
    a, b = draws(0, steps=1, size=1), draws(1, steps=1, size=1, chains=20) + 0.5
    scale = np.concatenate([a[0], b[0]]).std()
    expected = scipy.stats.energy_distance(a[0, :, 0], b[0, :, 0]) ** 2 / scale
    assert energy_band(a, b).distance[0] == pytest.approx(expected)


def test_distance_to_data_falls_as_the_start_is_forgotten():
    data = np.random.default_rng(5).normal(size=(200, 2))
    chain = ar1(20, 64, 2, 0.5, seed=0, start=np.full([64, 2], 20.0))
    found = distance_to_data(chain, data)
    assert len(found) == 20
    assert found[0].value > found[2].value > found[4].value
    assert found[0].value > 5 * found[0].standard_error
    assert abs(found[-1].value) < 5 * found[-1].standard_error


@pytest.mark.parametrize(
    "noise, data, options, message",
    [
        (np.zeros([7, 4, 1]), np.zeros([7, 4, 1]), {}, "from_noise must be .num_steps >= 8"),
        (np.zeros([9, 4, 1]), np.zeros([8, 4, 1]), {}, "equal numbers of steps"),
        (np.zeros([8, 4, 1]), np.zeros([8, 4, 2]), {}, "equal numbers of steps and coord"),
        (np.zeros([8, 4, 1]), np.full([8, 4, 1], np.nan), {}, "from_data must be finite"),
        (np.zeros([8, 4, 1]), np.zeros([8, 4, 1]), {"level": 0.0}, "level must be finite and > 0"),
        (
            np.zeros([8, 4, 1]),
            np.zeros([8, 4, 1]),
            {"level": 0.01, "num_permutations": 50},
            "num_permutations must be an integer >= 100",
        ),
        (np.zeros([8, 4, 1]), np.zeros([8, 4, 1]), {"names": []}, "expected 1 names"),
    ],
)
def test_what_cannot_be_compared_is_refused(noise, data, options, message):
    with pytest.raises(ValueError, match=message):
        compare_starts(noise, data, **options)

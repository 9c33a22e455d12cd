"""The verdicts of the experiments: claims with numbers just inside and just outside of each."""

import types

import numpy as np
import pytest

from tfgvae.estimators.estimate import Estimate
from train.reproduce import chains, figure4, preference, preference_figure
from train.reproduce.preference import FITTED, sampler

SETTINGS = preference.Settings({}, 1, 1, 1, (1, 5, 20))


def estimate(value):
    return Estimate(value, 0.1)


def distances(ancestral, *chain, fitted=None):
    """{sampler: distance} with the same chain from noise and from data."""
    found = {"ancestral": estimate(ancestral)}
    for start in ("noise", "data"):
        for steps, value in zip(SETTINGS.chain_steps, chain, strict=True):
            found[sampler(steps, start)] = estimate(value)
    return found if fitted is None else {**found, FITTED: estimate(fitted)}


def verdicts(claims):
    return [claim.holds for claim in claims]


def rows(lower, upper=None, cap=9.0):
    return [
        {
            "mutual_information_lower": estimate(lower),
            "mutual_information_upper": estimate(upper or lower),
            "cap": cap,
        }
    ]


@pytest.mark.parametrize(
    ("chain", "ancestral", "fitted", "lower", "expected"),
    [
        # The first step is no part of the claim: at most 1.5 times 10 from step 5 on.
        ((90, 14.9, 14.9), 41, 14.9, 7.1, [True, True, True]),
        ((90, 15.1, 14.9), 41, 14.9, 6.9, [False, False, True]),
        ((90, 14.9, 15.1), 39, 14.9, 7.1, [False, True, False]),
        ((90, 14.9, 14.9), 41, 15.1, 7.1, [True, True, False]),
    ],
)
def test_corrupted_q(chain, ancestral, fitted, lower, expected):
    bounds = {
        "kl": types.SimpleNamespace(least_upper=estimate(7.0)),
        "corrupted": types.SimpleNamespace(lower=estimate(lower)),
    }
    found = {"kl": distances(10, 5, 5, 5), "corrupted": distances(ancestral, *chain, fitted=fitted)}
    assert verdicts(preference_figure.corrupted_claims(bounds, found, SETTINGS)) == expected


@pytest.mark.parametrize(
    ("kl", "none", "end", "expected"),
    [(10, 50, 49, [True, True]), (51, 50, 49, [False, True]), (10, 50, 51, [True, False])],
)
def test_which_sampler_is_right(kl, none, end, expected):
    found = {"kl": distances(kl, 1, 1, 1), "none": distances(none, 1, 1, end)}
    assert verdicts(preference_figure.sampler_claims(found, SETTINGS)) == expected


def test_a_chain_that_fails_from_noise_alone_fails():
    none = distances(50, 1, 1, 1)
    none[sampler(20, "noise")] = estimate(60)
    found = {"kl": distances(10, 1, 1, 1), "none": none}
    assert verdicts(preference_figure.sampler_claims(found, SETTINGS)) == [True, False]


@pytest.mark.parametrize(("kl", "alone", "holds"), [(3.9, 4.0, True), (4.1, 4.0, False)])
def test_code_length(kl, alone, holds):
    found = {"kl": estimate(kl), "alone": estimate(alone)}
    assert preference_figure.code_length_claim(found).holds is holds


@pytest.mark.parametrize(("none", "kl", "holds"), [(2.0, 3.0, True), (3.0, 2.0, False)])
def test_information_divergence_and_likelihood(none, kl, holds):
    def end(value):
        return [{"kl": estimate(value), "nll_per_sub_pixel": value, **rows(value)[0]}]

    curves = {"kl": end(kl), "none": end(none)}
    assert preference_figure.likelihood_claim(curves).holds is holds
    assert preference_figure.information_claim(curves).holds is not holds
    assert preference_figure.divergence_claim(curves).holds is not holds


def steps(**columns):
    names, values = zip(*columns.items(), strict=True)
    return [dict(zip(names, map(estimate, row), strict=True)) for row in np.transpose(values)]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"laplacian_variance": (1, 1)}, [0]),
        ({"squared_error": (2, 3)}, [1, 2]),
        ({"frechet_distance": (6, 6)}, [3, 4]),
        ({"frechet_distance": (8, 7)}, [4]),
    ],
)
def test_figure4(changes, wrong):
    own = {"laplacian_variance": (1, 2), "squared_error": (3, 1), "frechet_distance": (6, 4)}
    other = {"laplacian_variance": (1, 2), "squared_error": (3, 2), "posterior_variance": (2, 1)}
    other["frechet_distance"] = (6, 5)
    single = {"laplacian_variance": (1,), "squared_error": (2,), "frechet_distance": (5,)}
    found = {
        "default": steps(**{**own, **changes}),
        "greedy": steps(**other),
        "single": steps(**single),
    }
    made = figure4.claims(found, estimate(1))
    assert [number for number, claim in enumerate(made) if not claim.holds] == wrong


@pytest.mark.parametrize(
    ("worse", "wrong"),
    [
        (None, []),
        (chains.Cell(2, 0.01, "pixels"), [0]),
        (chains.Cell(2, 0.1, "none"), [1]),
        (chains.Cell(2, 0.01, "none", 3), [2]),
        (chains.Cell(2, 0.01, "pixels", 3), [3]),
    ],
)
def test_chains(worse, wrong):
    settings = chains.SETTINGS["quick"]
    last = sampler(settings.chain_steps[-1], "noise")

    def distance(cell):
        rank = 100 - 20 * (cell.corruption != "none") - 10 * (cell.walkback > 0)
        return rank - (cell.floor > 0.05) if cell != worse else 1000

    found = {cell: {last: estimate(distance(cell))} for cell in chains.cells(settings)}
    made = verdicts(chains.claims(found, settings))
    assert [number for number, holds in enumerate(made) if not holds] == wrong

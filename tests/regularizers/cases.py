"""The mathematics of every R in REGULARIZERS, for their tests.

For a new one Case() is assumed: R = 0 iff q(z) = p(z).
"""

import dataclasses
import math
import typing

import pytest
from scipy import integrate, stats

from tests.regularizers.clouds import EVENTS
from tfgvae import seeds
from tfgvae.regularizers import REGULARIZERS

ROWS = 64


def moments_under_prior(size):
    """E sum_d |mean| + |var - 1| of ROWS standard normal rows, by integration of chi-square."""
    mean = math.sqrt(2 / (math.pi * ROWS))
    n = ROWS - 1
    law = stats.chi2(n)
    spread = integrate.quad(lambda v: abs(v / n - 1) * law.pdf(v), 0, 5 * n, points=[n])[0]
    return size * (mean + spread)


@dataclasses.dataclass
class Case:
    """The mathematics of one regularizer.

    under_prior: its expectation on ROWS rows with q(z|x) = p(z), from the latent size.
    target: (mu, s) that minimise it among N(mu, s^2); None where it leaves one free.
    remainder: what a short descent may leave of the way to the target.
    options: constructor arguments for the tests.
    """

    under_prior: typing.Callable = lambda size: 0.0
    target: tuple = (0.0, 1.0)
    remainder: float = 0.1
    options: dict = dataclasses.field(default_factory=dict)


CASES = {
    # The game of critic and encoder circles its equilibrium (Mescheder et al. 2018).
    "adversarial": Case(remainder=0.25, options={"hidden": (32, 32)}),
    # s is not bounded in these tests, and R falls without end as it grows.
    "center": Case(target=(0.0, None)),
    "kl": Case(),
    "mmd": Case(),
    "moments": Case(under_prior=moments_under_prior),
    "none": Case(target=(None, None)),
    "norm": Case(under_prior=lambda size: size / 2, target=(0.0, 0.0)),
    "stein": Case(),
}

CASES = {**{name: Case() for name in REGULARIZERS}, **CASES}

every = pytest.mark.parametrize("name", sorted(REGULARIZERS))
both_events = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)


def build(name, event=(3,), **options):
    with seeds.initialization(0):
        reg = REGULARIZERS[name](**{**CASES[name].options, **options})
        reg.build((None, *event))
    return reg

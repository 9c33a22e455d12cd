"""The energy distance between two ensembles of chains for each step, with a null band.

    d_s = 2 E |X - Y| - E |X - X'| - E |Y - Y'|      X, Y: states at step s of the two ensembles

It is 0 if and only if the distributions are equal (Szekely & Rizzo 2013). The band comes from
permutations of whole chains between the ensembles, which keep the dependence between the steps of a
chain. It holds for all steps at once (max-T, Westfall & Young 1993): if the ensembles have the same
distribution from some step on, d leaves the band after it with a probability of at most `level`.
"""

import dataclasses

import numpy as np

from tfgvae import checks


@dataclasses.dataclass(frozen=True)
class EnergyBand:
    """Three vectors with one entry per step, [num_steps] each.

    Attributes:
      distance: d_s, with each coordinate divided by its standard deviation over both ensembles.
      null_mean: its mean over permutations; it is above 0 for finite ensembles.
      upper: the upper end of the band.
    """

    distance: np.ndarray
    null_mean: np.ndarray
    upper: np.ndarray

    @property
    def outside(self) -> np.ndarray:
        """Whether the ensembles differ, for each step: bool [num_steps]."""
        return self.distance > self.upper


def _standardized(states):
    """[N, D], centred and divided by the deviation of each column; constant columns become 0."""
    centred = states - states.mean(axis=0)
    deviation = np.where(np.ptp(states, axis=0) > 0, states.std(axis=0), np.inf)
    return centred / deviation


def _assignments(num_a, num_b, num_permutations, seed):
    """Weights 1/n of one ensemble and -1/m of the other, [1 + P, n + m]; row 0 is not permuted."""
    weights = np.repeat([1 / num_a, -1 / num_b], [num_a, num_b])
    rows = np.tile(weights, (num_permutations, 1))
    permuted = np.random.default_rng(seed).permuted(rows, axis=1)
    return np.concatenate([weights[None], permuted])


def energy_band(
    a: np.ndarray, b: np.ndarray, level: float = 0.05, num_permutations: int = 1000, seed: int = 0
) -> EnergyBand:
    """EnergyBand of two ensembles of independent chains.

    Args:
      a: [num_steps, N, D], N >= 2.
      b: [num_steps, M, D], M >= 2.
      level: the probability of a false alarm, over all steps together.
      num_permutations: P >= 1 / level.
      seed: an int.

    Raises:
      ValueError: different numbers of steps or coordinates, or an option out of range.
    """
    from scipy.spatial.distance import cdist  # Slow to import, and only needed here.

    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[2]:
        raise ValueError(f"expected equal numbers of steps and coordinates: {a.shape}, {b.shape}")
    level = checks.real("level", level, maximum=1.0, above=0)
    checks.integer("num_permutations", num_permutations, int(np.ceil(1 / level)))
    weights = _assignments(a.shape[1], b.shape[1], num_permutations, seed)
    distances = []
    for states in np.concatenate([a, b], axis=1):
        points = _standardized(states)
        distances.append(-np.einsum("pi,pi->p", weights @ cdist(points, points), weights))
    found = np.array(distances)  # [num_steps, 1 + P]
    mean, deviation = found.mean(axis=1), found.std(axis=1)
    # If all states are equal, the only deviation is rounding: no step counts as different.
    unequal = deviation > 1e-12
    scores = np.where(unequal[:, None], found - mean[:, None], 0)
    scores = scores / np.where(unequal, deviation, 1)[:, None]
    widest = np.quantile(scores.max(axis=0), 1 - level, method="higher")
    return EnergyBand(found[:, 0], mean, mean + widest * deviation)

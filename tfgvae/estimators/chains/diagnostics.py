"""Diagnostics of Gibbs chains: `diagnose` one ensemble, and whether it mixes, from two.

`mixing` says from which step on it no longer matters where a chain started.
"""

import dataclasses
import math

import numpy as np

from tfgvae.estimators.chains.convergence import (
    autocorrelation,
    checked_states,
    effective_sample_size,
    split_rhat,
)
from tfgvae.estimators.chains.energy import EnergyBand, energy_band
from tfgvae.estimators.frechet import kernel_distance


@dataclasses.dataclass(frozen=True)
class ChainDiagnostics:
    """What `diagnose` finds; a vector has one entry a coordinate.

    Attributes:
      names: of the coordinates.
      split_rhat: [D]; below 1.05, better 1.01, is wanted.
      effective_sample_size: [D].
      autocorrelation: [max_lag + 1, D].
      num_steps, num_chains: of the chains.
    """

    names: tuple
    split_rhat: np.ndarray
    effective_sample_size: np.ndarray
    autocorrelation: np.ndarray
    num_steps: int
    num_chains: int

    def as_dict(self):
        """A dict for JSON: an infinite R-hat is None, for JSON has no infinity."""
        rhat = [value if math.isfinite(value) else None for value in self.split_rhat.tolist()]
        return {
            "names": list(self.names),
            "split_rhat": rhat,
            "effective_sample_size": self.effective_sample_size.tolist(),
            "autocorrelation": self.autocorrelation.tolist(),
            "num_steps": self.num_steps,
            "num_chains": self.num_chains,
        }


def diagnose(chain, names=None, max_lag=None):
    """ChainDiagnostics of states [num_steps >= 4, num_chains >= 2, ...], flattened to [.., D].

    Steps before the chains have forgotten their starts make all three worse: they are asked of
    the whole chain here, cut it to ask for less.

    Args:
      chain: the states: latents, image statistics, ...
      names: of the D coordinates; None numbers them.
      max_lag: of the autocorrelation; None is half the chain.

    Raises:
      ValueError: too few steps or chains, values that are not finite, another number of names.
    """
    states = checked_states("chain", chain)
    num_steps, num_chains, size = states.shape
    names = tuple(map(str, range(size))) if names is None else tuple(names)
    if len(names) != size:
        raise ValueError(f"expected {size} names, one a coordinate, got {len(names)}")
    return ChainDiagnostics(
        names,
        split_rhat(states),
        effective_sample_size(states),
        autocorrelation(states, num_steps // 2 if max_lag is None else max_lag),
        num_steps,
        num_chains,
    )


def distance_to_data(chain, data, distance=kernel_distance):
    """The distance of the chains' states at each step from data: a list of Estimate.

    Args:
      chain: [num_steps, num_chains, ...]: pixels, or features of them.
      data: [N, ...], of the same coordinates. Starts of the chains should not be in it.
      distance: a function of two sets [N, D]: kernel_distance, whose expectation is 0 for equal
        laws however few the chains, or frechet_distance, which takes many.
    """
    states = checked_states("chain", chain, min_steps=1)
    data = np.asarray(data, np.float64)
    data = data.reshape(len(data), -1)
    return [distance(step, data) for step in states]


@dataclasses.dataclass(frozen=True)
class Mixing:
    """What `compare_starts` finds. As a string it is the sentence.

    Attributes:
      steps: after so many steps the chains have mixed; None where they have not.
      alike_after: after so many steps chains from noise and from data are alike to the end; None
        where they are told apart at the last step.
      rhat: the largest split R-hat over the coordinates, from the step where it was judged.
      worst: the coordinate that has it.
      num_steps, num_chains: of the chains; num_chains from noise and from data together.
      energy: EnergyBand between the ensembles, by step.
    """

    steps: int | None
    alike_after: int | None
    rhat: float
    worst: str
    num_steps: int
    num_chains: int
    energy: EnergyBand

    def __str__(self):
        if self.steps is not None:
            return f"mixes within {self.steps} step{'' if self.steps == 1 else 's'}"
        told = f"has not converged after {self.num_steps} steps: "
        if self.alike_after is None:
            return f"{told}chains from noise and from data still differ"
        forgotten = f"chains from noise and from data are alike after {self.alike_after}"
        if self.alike_after > _latest(self.num_steps):
            return f"{told}{forgotten}, which leaves too few to judge"
        return (
            f"{told}{forgotten}, but a chain keeps to itself: R-hat {self.rhat:.3g}, {self.worst}"
        )


def _latest(num_steps):
    """The last step, counted from 1, from which R-hat is judged: half of the chain is left."""
    return max(1, num_steps // 2)


def compare_starts(
    from_noise,
    from_data,
    names=None,
    level=0.05,
    max_rhat=1.05,
    num_permutations=1000,
    seed=0,
):
    """Whether, and how soon, it no longer matters where a chain started.

    The chains have mixed after t steps, for the smallest t that is at most half their length, if

    1. from step t on, the states of the chains from noise and of those from data are not told
       apart: their energy distance stays within its null band (energy.py), which holds for all
       steps at once. Chains with one law from step t on pass with probability 1 - level.
    2. the split R-hat over the steps from t on of all chains, from noise and from data, is below
       max_rhat in every coordinate.

    The first asks whether the law of the state has lost its start; chains that each stay in one
    mode pass it where both starts share out the modes alike. The second asks whether a single
    chain visits what the others do. It needs length: with an autocorrelation time of tau steps
    (n m / effective size), R-hat^2 - 1 is about (tau - 1) / (half the steps), so that chains of T
    steps can be found to mix only where tau is below about 1 + T / 20.

    Both are tests: "mixes" says that so many chains of that length show no sign to the contrary.
    A mode that no chain has seen shows in neither.

    Args:
      from_noise: [num_steps >= 8, num_chains >= 2, ...], states after each step: latents, image
        statistics, or both side by side.
      from_data: as many steps and coordinates; the number of chains may differ.
      names: of the coordinates.
      level: the probability that condition 1 fails for chains that have mixed.
      max_rhat: the bound of condition 2.
      num_permutations: of condition 1.
      seed: an int.

    Returns:
      Mixing.

    Raises:
      ValueError: states of other shapes, too few steps or chains, values that are not finite.
    """
    noise = checked_states("from_noise", from_noise, min_steps=8)
    data = checked_states("from_data", from_data, min_steps=8)
    energy = energy_band(noise, data, level, num_permutations, seed)
    num_steps, _, size = noise.shape
    names = list(map(str, range(size))) if names is None else list(names)
    if len(names) != size:
        raise ValueError(f"expected {size} names, one a coordinate, got {len(names)}")
    last = np.flatnonzero(energy.outside)
    alike = int(last[-1]) + 2 if len(last) else 1  # Steps are counted from 1.
    states = np.concatenate([noise, data], axis=1)
    steps, rhat = None, split_rhat(states[_latest(num_steps) - 1 :])
    for step in range(alike, _latest(num_steps) + 1):
        found = split_rhat(states[step - 1 :])
        if found.max() < max_rhat:
            steps, rhat = step, found
            break
    alike = alike if alike <= num_steps else None
    worst = int(np.argmax(rhat))
    count = states.shape[1]
    return Mixing(steps, alike, float(rhat[worst]), names[worst], num_steps, count, energy)


def mixing(from_noise, from_data, **options):
    """`compare_starts` as a plain sentence: "mixes within 4 steps", "has not converged ..."."""
    return str(compare_starts(from_noise, from_data, **options))

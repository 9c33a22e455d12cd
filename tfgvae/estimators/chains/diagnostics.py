"""Diagnostics of Gibbs chains: `diagnose` for one ensemble, `compare_starts` for two.

`compare_starts` finds the step after which the start of a chain no longer matters.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfgvae.estimators.chains.convergence import (
    autocorrelation,
    checked_states,
    effective_sample_size,
    split_rhat,
)
from tfgvae.estimators.chains.energy import EnergyBand, energy_band
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.frechet import kernel_distance
from tfgvae.types import Array


@dataclasses.dataclass(frozen=True)
class ChainDiagnostics:
    """The result of `diagnose`; vectors have one entry per coordinate.

    Attributes:
      names: of the coordinates.
      split_rhat: [D]; it should be below 1.05, better below 1.01.
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

    def as_dict(self) -> dict[str, Any]:
        """A dict for JSON: an infinite R-hat is None, because JSON has no infinity."""
        rhat = [value if math.isfinite(value) else None for value in self.split_rhat.tolist()]
        return {
            "names": list(self.names),
            "split_rhat": rhat,
            "effective_sample_size": self.effective_sample_size.tolist(),
            "autocorrelation": self.autocorrelation.tolist(),
            "num_steps": self.num_steps,
            "num_chains": self.num_chains,
        }


def diagnose(
    chain: Array, names: Sequence[str] | None = None, max_lag: int | None = None
) -> ChainDiagnostics:
    """ChainDiagnostics of states [num_steps >= 4, num_chains >= 2, ...], flattened to [.., D].

    All three use the whole chain. Early steps, which still depend on the start, make them worse;
    cut those steps off before.

    Args:
      chain: the states: latents, image statistics, ...
      names: of the D coordinates; None numbers them.
      max_lag: of the autocorrelation; None is half the number of steps.

    Raises:
      ValueError: too few steps or chains, values that are not finite, or not D names.
    """
    states = checked_states("chain", chain)
    num_steps, num_chains, size = states.shape
    names = tuple(map(str, range(size))) if names is None else tuple(names)
    if len(names) != size:
        raise ValueError(f"expected {size} names, one per coordinate, got {len(names)}")
    return ChainDiagnostics(
        names,
        split_rhat(states),
        effective_sample_size(states),
        autocorrelation(states, num_steps // 2 if max_lag is None else max_lag),
        num_steps,
        num_chains,
    )


def distance_to_data(
    chain: Array,
    data: Array,
    distance: Callable[[np.ndarray, np.ndarray], Estimate] = kernel_distance,
) -> list[Estimate]:
    """The distance between the chains' states and data, for each step: a list of Estimate.

    Args:
      chain: [num_steps, num_chains, ...]: pixels, or features of them.
      data: [N, ...], with the same coordinates, without the starts of the chains.
      distance: a function of two sets [N, D]: kernel_distance, whose expectation is 0 for equal
        distributions, even with few chains; or frechet_distance, which needs many chains.
    """
    states = checked_states("chain", chain, min_steps=1)
    data = np.asarray(data, np.float64)
    data = data.reshape(len(data), -1)
    return [distance(step, data) for step in states]


@dataclasses.dataclass(frozen=True)
class Mixing:
    """The result of `compare_starts`. `str` gives it as a sentence.

    Attributes:
      steps: the chains have mixed after this many steps; None if they have not.
      alike_after: after this many steps, chains from noise and from data show no difference; None
        if they differ at the last step.
      rhat: the largest split R-hat over the coordinates, from step `steps` on; from half of the
        chain on if `steps` is None.
      worst: the coordinate with the largest R-hat.
      num_steps, num_chains: of the chains; num_chains counts both starts.
      energy: EnergyBand between the ensembles, for each step.
    """

    steps: int | None
    alike_after: int | None
    rhat: float
    worst: str
    num_steps: int
    num_chains: int
    energy: EnergyBand

    def __str__(self) -> str:
        if self.steps is not None:
            return f"mixes within {self.steps} step{'' if self.steps == 1 else 's'}"
        told = f"has not converged after {self.num_steps} steps: "
        if self.alike_after is None:
            return f"{told}chains from noise and from data still differ"
        forgotten = f"chains from noise and from data are alike after {self.alike_after}"
        if self.alike_after > _latest(self.num_steps):
            return f"{told}{forgotten}, which leaves too few to judge"
        differ = f"but the chains differ from each other: R-hat {self.rhat:.3g}, {self.worst}"
        return f"{told}{forgotten}, {differ}"


def _latest(num_steps):
    """The last step, counted from 1, from which R-hat is computed: it leaves half of the chain."""
    return max(1, num_steps // 2)


def compare_starts(
    from_noise: Array,
    from_data: Array,
    names: Sequence[str] | None = None,
    level: float = 0.05,
    max_rhat: float = 1.05,
    num_permutations: int = 1000,
    seed: int = 0,
) -> Mixing:
    """Find the number of steps after which the start of a chain no longer matters.

    The chains have mixed after t steps if both conditions hold. The result is the smallest such t,
    and at most half the number of steps.

    1. From step t on, the states of the chains from noise and from data show no difference: their
       energy distance stays inside its null band (energy.py), which holds for all steps at once.
       Chains with the same distribution from step t on pass with probability 1 - level.
    2. The split R-hat over the steps from t on of all chains, from noise and from data, is below
       max_rhat in every coordinate.

    Condition 1 tests whether the distribution of the state still depends on the start. Chains that
    each stay in one mode pass it, if both starts give the modes the same shares. Condition 2 tests
    whether each chain visits the same states as the others. It needs long chains: with an
    autocorrelation time of tau steps (n m / effective size), R-hat^2 - 1 is about
    (tau - 1) / (half the steps). So chains of T steps can pass only if tau is below about
    1 + T / 20.

    Both are tests: "mixes" means that these chains show no evidence against mixing. Neither test
    can find a mode that no chain has visited.

    Args:
      from_noise: [num_steps >= 8, num_chains >= 2, ...], states after each step: latents, image
        statistics, or both concatenated.
      from_data: the same number of steps and coordinates; the number of chains may differ.
      names: of the coordinates.
      level: the probability that condition 1 fails for chains that have mixed.
      max_rhat: the bound of condition 2.
      num_permutations: of condition 1.
      seed: an int.

    Returns:
      Mixing.

    Raises:
      ValueError: other shapes, too few steps or chains, values that are not finite.
    """
    noise = checked_states("from_noise", from_noise, min_steps=8)
    data = checked_states("from_data", from_data, min_steps=8)
    energy = energy_band(noise, data, level, num_permutations, seed)
    num_steps, _, size = noise.shape
    names = list(map(str, range(size))) if names is None else list(names)
    if len(names) != size:
        raise ValueError(f"expected {size} names, one per coordinate, got {len(names)}")
    last = np.flatnonzero(energy.outside)
    alike = int(last[-1]) + 2 if len(last) else 1  # Steps are counted from 1.
    states = np.concatenate([noise, data], axis=1)
    steps, rhat = None, split_rhat(states[_latest(num_steps) - 1 :])
    for step in range(alike, _latest(num_steps) + 1):
        found = split_rhat(states[step - 1 :])
        if found.max() < max_rhat:
            steps, rhat = step, found
            break
    alike_after = alike if alike <= num_steps else None
    worst = int(np.argmax(rhat))
    count = states.shape[1]
    return Mixing(steps, alike_after, float(rhat[worst]), names[worst], num_steps, count, energy)


def mixing(from_noise: Array, from_data: Array, **options: Any) -> str:
    """`compare_starts` as a sentence: "mixes within 4 steps", "has not converged ..."."""
    return str(compare_starts(from_noise, from_data, **options))

"""The grouped jackknife (Quenouille 1956, Tukey 1958): bias and standard error.

For an estimate t from independent samples A and B, and t(g), the estimate without group g of G
equal groups of a sample:

    bias      =     sum over A, B of  (G - 1) (mean_g t(g) - t)
    variance  =     sum over A, B of  (G - 1) / G  sum_g (t(g) - mean_g t(g))^2

The bias is correct to order 1/N for a smooth function of means. The variance is not too small in
expectation (Efron & Stein 1981). Both need rows that are independent draws.
"""

import math

import numpy as np

from tfgvae import checks
from tfgvae.types import Array

NUM_GROUPS = 20


def groups(
    num_rows: int, seed: int | np.random.SeedSequence, num_groups: int = NUM_GROUPS
) -> list[np.ndarray]:
    """A random partition of rows into at most `num_groups` groups; sizes differ by at most 1.

    Returns:
      A list of index vectors; with fewer rows than groups, each row is a group.
    """
    count = min(checks.integer("num_groups", num_groups, 2), num_rows)
    return np.array_split(np.random.default_rng(seed).permutation(num_rows), count)


def bias(value: float, *left_out: Array) -> float:
    """The bias of `value`, given the vectors of t(g), one per sample."""
    return float(sum((len(t) - 1) * float(np.mean(t) - value) for t in left_out))


def standard_error(*left_out: Array) -> float:
    """The standard error, given the vectors of t(g), one per sample."""
    return math.sqrt(sum((len(t) - 1) * np.var(t) for t in left_out))

"""The grouped jackknife (Quenouille 1956, Tukey 1958): bias and standard error by leaving out.

For an estimate t of samples A and B, drawn independently of each other, and t(g) without group g
of G equal ones:

    bias      =     sum over A, B of  (G - 1) (mean_g t(g) - t)
    variance  =     sum over A, B of  (G - 1) / G  sum_g (t(g) - mean_g t(g))^2

The bias is right to order 1/N for a smooth function of means; the variance is too large rather
than too small (Efron & Stein 1981). Rows are independent draws, or both are wrong.
"""

import math

import numpy as np

from tfgvae import checks

NUM_GROUPS = 20


def groups(num_rows, seed, num_groups=NUM_GROUPS):
    """A random partition of rows into at most `num_groups` groups of equal size, but for 1.

    Returns:
      A list of index vectors; with fewer rows than groups, each row is a group.
    """
    count = min(checks.integer("num_groups", num_groups, 2), num_rows)
    return np.array_split(np.random.default_rng(seed).permutation(num_rows), count)


def bias(value, *left_out):
    """The bias of `value`, given the vectors of t(g), one a sample."""
    return sum((len(t) - 1) * (np.mean(t) - value) for t in left_out)


def standard_error(*left_out):
    """The standard error, given the vectors of t(g), one a sample."""
    return math.sqrt(sum((len(t) - 1) * np.var(t) for t in left_out))

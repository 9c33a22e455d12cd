"""Distances between samples and data in a feature space: Frechet distance and kernel distance.

    FID = |m_a - m_b|^2 + Tr(S_a + S_b - 2 (S_a S_b)^(1/2))          (Heusel et al. 2017)

is the squared Wasserstein-2 distance of two Gaussians with the means m and covariances S of the
features; it depends on nothing else. With k(x, y) = (x.y / D + 1)^3,

    KID = E k(x, x') + E k(y, y') - 2 E k(x, y)                      (Binkowski et al. 2018)

over pairs x != x', y != y', is the unbiased MMD^2; it depends on the moments up to the third.
"""

import numpy as np
import tensorflow as tf

from tfgvae.estimators import jackknife
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.features import feature_matrix, same_width
from tfgvae.types import Array

SMALL = 1024  # D below which one thread of linear algebra is enough


def _root(covariance):
    """R with S = R'R: [D, D]. Rounding can make an eigenvalue of 0 slightly negative."""
    from scipy.linalg import eigh  # Slow to import, as all of scipy.

    values, vectors = eigh(covariance)
    return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T


def gaussian_distance(
    mean_a: np.ndarray, covariance_a: np.ndarray, mean_b: np.ndarray, covariance_b: np.ndarray
) -> float:
    """The squared Wasserstein-2 distance of two Gaussians: a float >= 0.

    Tr (S_a S_b)^(1/2) is the sum of the singular values of R_a R_b', S = R'R. It is real and needs
    no division, for any rank.

    Args:
      mean_a, mean_b: [D].
      covariance_a, covariance_b: [D, D], symmetric and positive semidefinite.
    """
    return _distance(mean_a, covariance_a, _root(covariance_a), mean_b, covariance_b)


def _distance(mean_a, covariance_a, root_a, mean_b, covariance_b):
    from scipy.linalg import svdvals

    shift = np.sum(np.square(mean_a - mean_b))
    overlap = svdvals(root_a @ _root(covariance_b).T).sum()
    return max(0.0, shift + np.trace(covariance_a) + np.trace(covariance_b) - 2 * overlap)


def _moments(features):
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def _left_out(features, parts, other):
    """For each part: the distance of `features` without that part from the moments `other`."""
    mean, covariance = other
    root = _root(covariance)
    found = []
    for part in parts:
        rest = _moments(np.delete(features, part, axis=0))
        found.append(_distance(mean, covariance, root, *rest))
    return np.array(found)


def frechet_distance(
    features_a: Array | tf.data.Dataset,
    features_b: Array | tf.data.Dataset,
    seed: int = 0,
    num_groups: int = 20,
    extrapolate: bool = False,
) -> Estimate:
    """FID of two independent sets of features.

    Its expectation is larger than the distance of the two distributions, by a bias of order D / N
    that the standard error does not cover: compare sets of one size, with N many times D.
    `extrapolate` subtracts the bias that the jackknife finds, as FID_infinity (Chong & Forsyth
    2020) does by a fit in 1/N; the result may then be below 0.

    The standard error is from a jackknife over groups of both sets. It takes 2 num_groups + 1
    evaluations: minutes for the D = 2048 of an Inception network, less with fewer groups.

    Args:
      features_a: [N, D], N >= 3; rows are independent draws.
      features_b: [M, D], M >= 3.
      seed: int of the partition into groups.
      num_groups: groups of the jackknife, >= 2.
      extrapolate: whether to subtract the bias of order 1/N.

    Raises:
      ValueError: another shape, another D, values that are not finite.
    """
    import threadpoolctl

    a = feature_matrix("features_a", features_a, 3)
    b = feature_matrix("features_b", features_b, 3)
    same_width(a, b)
    moments_a, moments_b = _moments(a), _moments(b)
    seed_a, seed_b = np.random.SeedSequence(seed).spawn(2)
    # For small matrices, BLAS threads that wait for each other are up to 100 times slower.
    threads = 1 if a.shape[1] < SMALL else None
    with threadpoolctl.threadpool_limits(threads, "blas"):
        value = gaussian_distance(*moments_a, *moments_b)
        left_out = (
            _left_out(a, jackknife.groups(len(a), seed_a, num_groups), moments_b),
            _left_out(b, jackknife.groups(len(b), seed_b, num_groups), moments_a),
        )
    if extrapolate:
        value -= jackknife.bias(value, *left_out)
    error = jackknife.standard_error(*left_out)
    return Estimate(float(value), error, "estimate", "", min(len(a), len(b)))


def polynomial_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(x.y / D + 1)^3: [N, M] from [N, D] and [M, D]."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _sums(x, x_parts, y, y_parts):
    """Sums of the kernel over pairs of groups, [G, G']: never more than two groups at a time."""
    return np.array(
        [[polynomial_kernel(x[i], y[j]).sum() for j in y_parts] for i in x_parts], np.float64
    )


def _mean_within(sums, diagonal, sizes, keep):
    """The mean over pairs of different rows of the groups `keep`."""
    n = sizes[keep].sum()
    return (sums[np.ix_(keep, keep)].sum() - diagonal[keep].sum()) / (n * (n - 1))


def kernel_distance(
    features_a: Array | tf.data.Dataset,
    features_b: Array | tf.data.Dataset,
    seed: int = 0,
    num_groups: int = 20,
) -> Estimate:
    """KID of two independent sets of features: unbiased, so that it may be below 0.

    All pairs are used. The standard error is from a jackknife over groups of both sets, computed
    from the sums of the kernel over pairs of groups.

    Args:
      features_a: [N, D], N >= 3; rows are independent draws.
      features_b: [M, D], M >= 3.
      seed: int of the partition into groups.
      num_groups: groups of the jackknife, >= 2.

    Raises:
      ValueError: another shape, another D, values that are not finite.
    """
    a = feature_matrix("features_a", features_a, 3)
    b = feature_matrix("features_b", features_b, 3)
    same_width(a, b)
    seed_a, seed_b = np.random.SeedSequence(seed).spawn(2)
    parts_a = jackknife.groups(len(a), seed_a, num_groups)
    parts_b = jackknife.groups(len(b), seed_b, num_groups)
    within_a, within_b = _within(a, parts_a), _within(b, parts_b)
    across = _sums(a, parts_a, b, parts_b)
    sizes_a, sizes_b = within_a[2], within_b[2]

    def distance(keep_a, keep_b):
        pairs = sizes_a[keep_a].sum() * sizes_b[keep_b].sum()
        mean_across = across[np.ix_(keep_a, keep_b)].sum() / pairs
        within = _mean_within(*within_a, keep_a) + _mean_within(*within_b, keep_b)
        return within - 2 * mean_across

    all_a, all_b = np.arange(len(parts_a)), np.arange(len(parts_b))
    left_out = (
        [distance(np.delete(all_a, g), all_b) for g in all_a],
        [distance(all_a, np.delete(all_b, g)) for g in all_b],
    )
    value, error = float(distance(all_a, all_b)), jackknife.standard_error(*left_out)
    return Estimate(value, error, "estimate", "", min(len(a), len(b)))


def _within(x, parts):
    """(sums of the kernel [G, G], sums of its diagonal [G], sizes [G])."""
    diagonal = (np.square(x).sum(axis=1) / x.shape[1] + 1) ** 3
    sizes = np.array([len(part) for part in parts])
    return _sums(x, parts, x, parts), np.array([diagonal[part].sum() for part in parts]), sizes

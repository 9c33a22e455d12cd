"""Improved precision and recall (Kynkaanniemi et al. 2019).

The support of a set is estimated by balls around its points. The radius of a ball is the distance
to the k-th nearest neighbour of its point in the set.

    precision    the share of generated points in the support of the real ones: fidelity
    recall       the share of real points in the support of the generated ones: coverage
"""

import dataclasses

import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.features import feature_matrix, same_width
from tfgvae.types import Array


@dataclasses.dataclass(frozen=True)
class PrecisionRecall:
    """Shares from 0 to 1, each with its binomial standard error."""

    precision: Estimate
    recall: Estimate


def _inside(points, centres, num_neighbors):
    """Which points lie in the support of `centres`: bool [N]."""
    from sklearn.metrics import pairwise_distances_chunked  # Slow to import.
    from sklearn.neighbors import NearestNeighbors

    neighbors = NearestNeighbors(n_neighbors=num_neighbors, algorithm="brute").fit(centres)
    radius = neighbors.kneighbors()[0][:, -1]  # of each centre, which is not its own neighbour
    # Distances are computed as |x|^2 + |y|^2 - 2 x.y: rounding may separate equal points.
    slack = 1e-7 * np.sqrt(max(np.square(points).sum(-1).max(), np.square(centres).sum(-1).max()))
    chunks = pairwise_distances_chunked(
        points, centres, reduce_func=lambda d, _: (d <= radius + slack).any(axis=1)
    )
    return np.concatenate(list(chunks))


def precision_recall(
    real: Array | tf.data.Dataset, generated: Array | tf.data.Dataset, num_neighbors: int = 3
) -> PrecisionRecall:
    """Precision and recall of generated features against real ones.

    Both depend on the sizes of the sets, through the radii: compare at equal N = M. The standard
    error is that of a share of independent points, sqrt(p (1 - p) / (N - 1)), with the support of
    the other set fixed. It does not cover the randomness of that support. It is 0 if all points or
    no points lie inside.

    Args:
      real: [N, D].
      generated: [M, D].
      num_neighbors: k, below N and M.

    Raises:
      ValueError: another shape, another D, values that are not finite, k out of range.
    """
    num_neighbors = checks.integer("num_neighbors", num_neighbors, 1)
    real = feature_matrix("real", real, num_neighbors + 1)
    generated = feature_matrix("generated", generated, num_neighbors + 1)
    same_width(real, generated)
    precision = _inside(generated, real, num_neighbors)
    recall = _inside(real, generated, num_neighbors)
    return PrecisionRecall(Estimate.of_mean(precision, unit=""), Estimate.of_mean(recall, unit=""))

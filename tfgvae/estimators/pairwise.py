"""log q(z_i|x_j) for every pair of a latent and an image."""

import math
import typing
from collections.abc import Sequence

import tensorflow as tf

from tfgvae.distributions.divergence import is_gaussian
from tfgvae.estimators.batching import batches
from tfgvae.types import Distribution, Tensor

# The largest size of an intermediate tensor [rows, B, *event] in `_broadcast`: 256 MB.
LARGEST = 1 << 26


@typing.runtime_checkable
class Pairs(typing.Protocol):
    """What has a score for every pair of its own images and of other codes."""

    def pairs(self, z: Tensor) -> Tensor:
        """The score of z_i with x_j: [L, B] float64, for latents [L, *event]."""


class Mean:
    """(1/L) sum_l q_l(z|x_j): several distributions of the same batch [B], as one density.

    Args:
      distributions: L of them.
    """

    def __init__(self, distributions: Sequence[Distribution]) -> None:
        self.distributions = list(distributions)

    def log_prob(self, z: Tensor) -> Tensor:
        """The log-density of z_i under x_i: [B] float64."""
        return _log_mean([tf.cast(q.log_prob(z), tf.float64) for q in self.distributions])

    def pairs(self, z: Tensor) -> Tensor:
        """Those of log_prob, for every pair: [L, B]."""
        return _log_mean([log_prob(q, z) for q in self.distributions])


def _log_mean(each):
    return tf.reduce_logsumexp(tf.stack(each), axis=0) - math.log(len(each))


def log_prob(q: Distribution | Pairs, z: Tensor) -> Tensor:
    """log q_j(z_i): [L, B] float64, nats.

    For a diagonal Gaussian, sum_d (z_d - m_d)^2 / s_d^2 is expanded into two matrix products, in
    float64. If codes with s_d = 0.002 lie 3 apart, the terms are near (3 / 0.002)^2 per dimension.
    Their difference then has an error of 1e-8 nats, and of several nats in float32.

    Args:
      q: a distribution of batch [B], q(z|x_j) of B images; or one of Pairs, such as a Mean.
      z: latents [L, *event].
    """
    if isinstance(q, Pairs):
        return q.pairs(z)
    if not is_gaussian(q):
        return _broadcast(q, z)
    size = math.prod(z.shape[1:])
    z, mean, stddev = (
        tf.cast(tf.reshape(value, [tf.shape(value)[0], size]), tf.float64)
        for value in (z, q.distribution.mean(), q.distribution.stddev())
    )
    precision = stddev**-2.0
    squares = (
        tf.matmul(z**2, precision, transpose_b=True)
        - 2 * tf.matmul(z, mean * precision, transpose_b=True)
        + tf.reduce_sum(mean**2 * precision, axis=1)
    )
    log_scale = tf.reduce_sum(tf.math.log(stddev), axis=1) + size / 2 * math.log(2 * math.pi)
    return -squares / 2 - log_scale


def _broadcast(q, z):
    """As log_prob, with q.log_prob, for at most LARGEST numbers at a time."""
    pair = int(q.batch_shape_tensor()[0]) * max(math.prod(z.shape[1:]), 1)
    rows = max(LARGEST // pair, 1)
    parts = [q.log_prob(z[part, None]) for part in batches(z.shape[0], rows)]
    return tf.cast(tf.concat(parts, axis=0), tf.float64)

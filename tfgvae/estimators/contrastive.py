"""Terms of two bounds on I(x; z) from all pairs of a code and an image, in blocks.

lower  log q(z_i|x_i) - log (1/M)       sum_j        q(z_i|x_j)      InfoNCE
upper  log q(z_i|x_i) - log (1/(M - 1)) sum_{j != i} q(z_i|x_j)      leave one out

(Poole et al. 2019).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgvae.estimators import pairwise
from tfgvae.types import Tensor

BOUNDS = ("lower", "upper")


def terms(
    posteriors: Sequence[Any],
    z: Sequence[Tensor],
    tick: Callable[[], None],
    doubt: float = 0.0,
    bounds: Sequence[str] = BOUNDS,
) -> dict[str, np.ndarray]:
    """The terms of the bounds, and the share of each image in the denominators: {name: [M]}.

    The lower bound is log M + E log (the probability of the right image), by a classifier of M
    images that knows the code. It holds for any classifier.

    Args:
      posteriors: q(z|x) of each block of images, for pairwise.log_prob.
      z: the codes of each block, one per image.
      tick: called after each block of codes, twice for each block.
      doubt: the classifier of the lower bound guesses with this probability, so that no term is
        below log(doubt).
      bounds: which of "lower" and "upper"; the shares of X are named X_share.
    """
    sums = []
    for i, codes in enumerate(z):
        sums.append(_log_sums(posteriors, codes, i))
        tick()
    count = sum(codes.shape[0] for codes in z)
    shares = np.zeros([len(bounds), count])
    for i, codes in enumerate(z):
        own, every, others = sums[i]
        trusted = np.exp(own - every + np.log1p(-doubt) - _log_guess(own - every, doubt, count))
        shares += _shares(posteriors, codes, i, every, others, trusted, bounds)
        tick()
    own, every, others = np.concatenate(sums, axis=1)
    found = {
        "lower": _log_guess(own - every, doubt, count) + math.log(count),
        "upper": own - others + math.log(count - 1),
    }
    share = {f"{bound}_share": each for bound, each in zip(bounds, shares, strict=True)}
    return {bound: found[bound] for bound in bounds} | share


def _log_guess(log_probability, doubt, count):
    """log((1 - doubt) p + doubt / M) for log p."""
    if not doubt:
        return log_probability
    return np.logaddexp(np.log1p(-doubt) + log_probability, math.log(doubt / count))


def _log_sums(posteriors, codes, i):
    """log of q(z|x) at its own x, and of its sum over all x and over other x: [3, B] of block i."""
    others = tf.fill(tf.shape(codes)[:1], tf.constant(-math.inf, tf.float64))
    for j, q in enumerate(posteriors):
        pairs = pairwise.log_prob(q, codes)  # [B, B']
        if i == j:
            own = tf.linalg.diag_part(pairs)
            pairs = _without_own(pairs)
        others = _log_add(others, tf.reduce_logsumexp(pairs, axis=1))
    return np.stack([own, _log_add(own, others), others])


def _shares(posteriors, codes, i, every, others, trusted, bounds):
    """The share of each image from the codes of block i: sum_i q(z_i|x_m) / denominator, [K, M].

    `trusted` [B] is the derivative of a term of the lower bound by the log of its probability.
    """
    shares = []
    # If no other image explains a code at all, its term is infinite and its shares are 0.
    others = np.where(np.isfinite(others), others, math.inf)
    for j, q in enumerate(posteriors):
        pairs = pairwise.log_prob(q, codes)
        share = {}
        if "lower" in bounds:
            share["lower"] = trusted[:, None] * tf.exp(pairs - every[:, None])
        if "upper" in bounds:
            alone = _without_own(pairs) if i == j else pairs
            share["upper"] = tf.exp(alone - others[:, None])
        shares.append([tf.reduce_sum(share[bound], axis=0) for bound in bounds])
    return np.concatenate(shares, axis=1)


def _without_own(pairs):
    return tf.linalg.set_diag(
        pairs, tf.fill(tf.shape(pairs)[:1], tf.constant(-math.inf, tf.float64))
    )


def _log_add(a, b):
    return tf.experimental.numpy.logaddexp(a, b)

"""Radial kernels k(x, y) = g(|x - y|^2), with the first two derivatives of g.

The scale of a kernel is width * D, D the number of latent dimensions, since E |x - y|^2 = 2 D for
two draws of a standard normal: a width of 1 fits every latent size. With several widths the
kernel is the mean over them, so that g(0) = 1 always.
"""

from collections.abc import Sequence

import tensorflow as tf

from tfgvae import checks
from tfgvae.registry import lookup
from tfgvae.types import Tensor


def gaussian(r2: Tensor, scale: float) -> tuple[Tensor, Tensor, Tensor]:
    """g = exp(-r2 / (2 scale)); at width 1 the authors' exp(-mean_d (x_d - y_d)^2 / 2)."""
    g = tf.exp(-r2 / (2 * scale))
    return g, -g / (2 * scale), g / (4 * scale**2)


def imq(r2: Tensor, scale: float) -> tuple[Tensor, Tensor, Tensor]:
    """g = c / (c + r2), c = 2 scale: inverse multiquadratic (Tolstikhin et al. 2018)."""
    c = 2 * scale
    g = c / (c + r2)
    return g, -(g**2) / c, 2 * g**3 / c**2


KERNELS = {"gaussian": gaussian, "imq": imq}
# "unbiased" needs a pair of two rows; "biased" also uses the pair of a row with itself.
LEAST_ROWS = {"unbiased": 2, "biased": 1}
ESTIMATORS = tuple(LEAST_ROWS)


def check(kernel: str, widths: float | Sequence[float], estimator: str) -> tuple[float, ...]:
    """Return `widths` as a tuple of floats.

    Raises:
      ValueError: an unknown kernel or estimator, no width, or a width that is not > 0.
    """
    lookup(KERNELS, kernel, "kernel")
    lookup(LEAST_ROWS, estimator, "estimator")
    widths = widths if isinstance(widths, (list, tuple)) else (widths,)
    if not widths:
        raise ValueError(f"widths must be one or more finite numbers > 0, got {widths}")
    return tuple(checks.real("every number of widths", width, above=0) for width in widths)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """|x_i - y_j|^2: [N, D], [M, D] -> [N, M]."""
    norms = tf.reduce_sum(x**2, axis=1)[:, None] + tf.reduce_sum(y**2, axis=1)[None, :]
    # Rounding can make the distance of nearly equal rows negative.
    return tf.nn.relu(norms - 2 * tf.matmul(x, y, transpose_b=True))


def evaluate(kernel: str, widths: Sequence[float], r2: Tensor, dim: int) -> list[Tensor]:
    """g, g' and g'' at r2, each the mean over `widths` and of r2's shape."""
    values = [KERNELS[kernel](r2, width * dim) for width in widths]
    return [tf.add_n(list(parts)) / len(widths) for parts in zip(*values, strict=True)]


def pair_mean(matrix: Tensor, estimator: str) -> Tensor:
    """The mean over pairs of [N, N]: all pairs ("biased") or those of two rows ("unbiased")."""
    count = tf.cast(tf.shape(matrix)[0], matrix.dtype)
    total = tf.reduce_sum(matrix)
    if estimator == "biased":
        return total / count**2
    return (total - tf.linalg.trace(matrix)) / (count * (count - 1))

"""p(x|z) = prod_i [cdf(x_i + d/2) - cdf(x_i - d/2)], a logistic cdf (Salimans et al. 2017, Eq. 2).

The levels are k / (K - 1) with spacing d = 1 / (K - 1); the lowest takes the whole lower tail and
the highest the whole upper one, so that the probabilities of the levels sum to one.
"""

import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae import philox
from tfgvae.distributions.base import Distribution
from tfgvae.distributions.levels import snap_to_levels
from tfgvae.distributions.noise import open_interval
from tfgvae.types import Tensor


def log_interval(x: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
    """log P(level of x) under a logistic rounded to `levels` levels: the shape of its arguments.

    With a = (x + d/2 - mean) / s and w = d / s, the probability of an inner level is
    sigmoid(a) - sigmoid(a - w) = sigmoid(a) sigmoid(w - a) (1 - exp(-w)): a product, without
    cancellation in both tails, finite in float32 if the logarithms of its factors are.
    """
    step = 1.0 / (levels - 1)
    inverse_scale = tf.exp(-log_scale)
    upper = (x + step / 2 - mean) * inverse_scale
    width = step * inverse_scale
    inner = (
        tf.math.log_sigmoid(upper)
        + tf.math.log_sigmoid(width - upper)
        + tf.math.log(-tf.math.expm1(-width))
    )
    lowest = tf.math.log_sigmoid(upper)
    highest = tf.math.log_sigmoid(width - upper)
    edge = step / 4
    return tf.where(x < edge, lowest, tf.where(x > 1 - edge, highest, inner))


def standard_logistic(noise: Tensor) -> Tensor:
    """The standard logistic draw ln u - ln(1 - u) from uniform noise u in [0, 1)."""
    noise = open_interval(noise)
    return tf.math.log(noise) - tf.math.log1p(-noise)


class DiscretizedLogisticDistribution(Distribution):
    """A logistic with `mean` and `log_scale`, rounded to `levels` levels in [0, 1] and clipped."""

    def __init__(
        self, mean: Tensor, log_scale: Tensor, levels: int, name: str = "DiscretizedLogistic"
    ) -> None:
        parameters = dict(locals())
        self._mean_parameter, self._log_scale, self._levels = mean, log_scale, levels
        super().__init__(parameters, (), batch_of=mean, batch_rank=None)

    def _log_prob(self, x):
        x = snap_to_levels(x, self._levels)
        return log_interval(x, self._mean_parameter, self._log_scale, self._levels)

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], tf.shape(self._mean_parameter)], axis=0)
        noise = philox.draw_uniform(tfp.random.sanitize_seed(seed), shape)
        return self._quantile(noise)

    def _quantile(self, noise):
        """The draw from uniform noise: the rounded quantile function."""
        offset = tf.exp(self._log_scale) * standard_logistic(noise)
        return snap_to_levels(self._mean_parameter + offset, self._levels)

    def _mean(self):
        """The mean of the logistic censored to [0, 1]: within half a level of the exact mean.

        E[clip(X, 0, 1)] = s softplus(m / s) - s softplus((m - 1) / s), without a sum over levels.
        """
        scale = tf.exp(self._log_scale)
        below = tf.nn.softplus(self._mean_parameter / scale)
        above = tf.nn.softplus((self._mean_parameter - 1.0) / scale)
        return tf.clip_by_value(scale * (below - above), 0.0, 1.0)

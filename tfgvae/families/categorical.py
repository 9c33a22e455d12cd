"""p(x|z) = prod_i Categorical(x_i; softmax(logits_i)): the factorised discrete P of Prop. 6."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae.distributions.levels import check_levels, snap_to_levels
from tfgvae.families.base import Family
from tfgvae.types import Distribution, Shape, Tensor


def level_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """log P(level of x): sub-pixels x [...] in [0, 1] and logits [..., levels] to [...] nats."""
    # FiniteDiscrete compares x with every level; an index is exact and needs no tolerance.
    levels = logits.shape[-1]
    level = tf.cast(tf.round(snap_to_levels(x, levels) * (levels - 1)), tf.int32)
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(level, logits)


def draw_level(logits: Tensor, noise: Tensor) -> Tensor:
    """The level in [0, 1] that the quantile function gives for uniform noise [...]."""
    cdf = tf.cumsum(tf.nn.softmax(logits), axis=-1)
    # Without the last sum, rounding cannot give a level above the last.
    level = tf.reduce_sum(tf.cast(noise[..., None] >= cdf[..., :-1], tf.float32), axis=-1)
    return level / (logits.shape[-1] - 1)


@keras.saving.register_keras_serializable("tfgvae.families")
class Categorical(Family):
    """Independent sub-pixels with any distribution over `levels` values k / (levels - 1).

    Images are rounded to the nearest level. With two levels this is the Bernoulli family.

    Args:
      levels: number of values of a sub-pixel, 2 to 256.
    """

    levels: int

    def __init__(self, levels: int = 256, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = check_levels(levels)

    def params_shape(self, image_shape: Shape) -> Shape:
        *size, channels = image_shape
        return (*size, channels * self.levels)

    def _logits(self, params):
        shape = tf.shape(params)
        channels = params.shape[-1] // self.levels
        shape = tf.concat([shape[:-1], [channels, self.levels]], axis=0)
        return tf.reshape(params, shape)  # [B, H, W, C, levels]

    def distribution(self, params: Tensor) -> Distribution:
        outcomes = tf.linspace(0.0, 1.0, self.levels)
        return tfd.Independent(tfd.FiniteDiscrete(outcomes, logits=self._logits(params)), 3)

    def log_prob(self, x: Tensor, params: Tensor, seed: Tensor | None = None) -> Tensor:
        return tf.reduce_sum(level_log_prob(x, self._logits(params)), axis=[1, 2, 3])

    def sample(self, params: Tensor, noise: Tensor) -> Tensor:
        return draw_level(self._logits(params), noise)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "levels": self.levels}

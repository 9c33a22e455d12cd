"""p(x|z) = prod_i P(x_i): rounded logistic sub-pixels (Salimans et al. 2017, Eq. 2)."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import checks
from tfgvae.distributions.discretized_logistic import DiscretizedLogisticDistribution
from tfgvae.distributions.levels import check_levels
from tfgvae.families.base import Family
from tfgvae.types import Distribution, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.families")
class DiscretizedLogistic(Family):
    """Independent discretised logistic sub-pixels: a probability for each of `levels` values.

    Args:
      levels: number of values of a sub-pixel, 2 to 256.
      min_log_scale: lower bound of the logarithm of the scale, on the [0, 1] scale of images.
    """

    levels: int

    def __init__(self, levels: int = 256, min_log_scale: float = -7.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = check_levels(levels)
        self.min_log_scale = checks.real("min_log_scale", min_log_scale)

    def params_shape(self, image_shape: Shape) -> Shape:
        *size, channels = image_shape
        return (*size, 2 * channels)

    def constrain(self, raw: Tensor) -> Tensor:
        mean, log_scale = tf.split(raw, 2, axis=-1)
        # The offset starts the scale at exp(-2), about the spread of natural images in [0, 1].
        log_scale = tf.maximum(log_scale - 2.0, self.min_log_scale)
        return tf.concat([mean + 0.5, log_scale], axis=-1)

    def _pixels(self, params):
        mean, log_scale = tf.split(params, 2, axis=-1)
        return DiscretizedLogisticDistribution(mean, log_scale, self.levels)

    def distribution(self, params: Tensor) -> Distribution:
        return tfd.Independent(self._pixels(params), 3)

    def sample(self, params: Tensor, noise: Tensor) -> Tensor:
        return self._pixels(params).quantile(noise)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "levels": self.levels,
            "min_log_scale": self.min_log_scale,
        }

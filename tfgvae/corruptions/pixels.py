"""Each pixel is replaced by a random one with probability r."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.corruptions.base import Corruption
from tfgvae.types import Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.corruptions")
class Pixels(Corruption):
    """Salt and pepper, or uniform levels: a pixel, with all its channels, becomes noise.

    Args:
      image_shape: (H, W, C).
      levels: how many evenly spaced levels the noise has, >= 2; 2 is salt and pepper. 0 is uniform
        noise in [0, 1).
      clean, erase: as of Corruption.
    """

    def __init__(
        self,
        image_shape: Shape,
        levels: int = 2,
        clean: float = 0.5,
        erase: float = 0.05,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_shape, clean, erase, **kwargs)
        self.levels = checks.integer("levels", levels, 0, 2**16)
        if self.levels == 1:
            raise ValueError("levels must be 0, or at least 2, got 1")

    @property
    def noise_size(self) -> int:
        height, width, channels = self.image_shape
        return 1 + height * width * (1 + channels)

    def corrupted(self, x: Tensor, rate: Tensor, noise: Tensor) -> Tensor:
        height, width, channels = self.image_shape
        chosen, value = tf.split(noise, [height * width, height * width * channels], axis=1)
        value = tf.reshape(value, [-1, height, width, channels])
        if self.levels:
            last = self.levels - 1
            value = tf.minimum(tf.floor(self.levels * value), last) / last
        return tf.where(tf.reshape(chosen, [-1, height, width, 1]) < rate, value, x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "levels": self.levels}

"""A rectangle with the share r of the area is erased."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.corruptions.base import Corruption
from tfgvae.types import Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.corruptions")
class Blocks(Corruption):
    """A rectangle of the image's proportions, at a random place, becomes one constant.

    Args:
      image_shape: (H, W, C).
      fill: the constant.
      clean, erase: as of Corruption.
    """

    def __init__(
        self,
        image_shape: Shape,
        fill: float = 0.5,
        clean: float = 0.5,
        erase: float = 0.05,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_shape, clean, erase, **kwargs)
        self.fill = checks.real("fill", fill, 0, 1)

    @property
    def noise_size(self) -> int:
        return 3

    def corrupted(self, x: Tensor, rate: Tensor, noise: Tensor) -> Tensor:
        inside = True
        for axis, u in enumerate(tf.split(noise, 2, axis=1), 1):
            pixels = self.image_shape[axis - 1]
            side = tf.round(tf.sqrt(rate[:, 0, 0, 0]) * pixels)[:, None]
            first = tf.floor(u * (pixels - side + 1))
            place = tf.range(pixels, dtype=x.dtype)[None, :]
            within = tf.logical_and(place >= first, place < first + side)
            shape = [-1, 1, 1, 1]
            shape[axis] = pixels
            inside = tf.logical_and(inside, tf.reshape(within, shape))
        return tf.where(inside, tf.cast(self.fill, x.dtype), x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fill": self.fill}

"""The image fades into Gaussian noise: x~ = (1 - r) x + r (1/2 + s e), e ~ N(0, I)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.corruptions.base import Corruption
from tfgvae.distributions.noise import open_interval
from tfgvae.types import Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.corruptions")
class Gaussian(Corruption):
    """Gaussian noise of a random scale, for families that are densities.

    Args:
      image_shape: (H, W, C).
      stddev: s, > 0.
      clean, erase: as of Corruption.
    """

    def __init__(
        self,
        image_shape: Shape,
        stddev: float = 0.5,
        clean: float = 0.5,
        erase: float = 0.05,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_shape, clean, erase, **kwargs)
        self.stddev = checks.real("stddev", stddev, above=0)

    @property
    def noise_size(self) -> int:
        height, width, channels = self.image_shape
        return 1 + height * width * channels

    def corrupted(self, x: Tensor, rate: Tensor, noise: Tensor) -> Tensor:
        normal = tf.math.ndtri(open_interval(noise))
        normal = tf.reshape(normal, [-1, *self.image_shape])
        return (1.0 - rate) * x + rate * (0.5 + self.stddev * normal)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev}

"""C(x~|x) = 1 for x~ = x: q sees the image itself."""

from typing import Any

import keras

from tfgvae.corruptions.base import Corruption
from tfgvae.types import Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.corruptions")
class NoCorruption(Corruption):
    """No corruption.

    Args:
      image_shape: (H, W, C).
    """

    def __init__(self, image_shape: Shape, **kwargs: Any) -> None:
        super().__init__(image_shape, clean=1.0, erase=0.0, **kwargs)

    @property
    def noise_size(self) -> int:
        return 0

    def call(self, x: Tensor, noise: Tensor) -> Tensor:
        return x

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: value for name, value in config.items() if name not in ("clean", "erase")}

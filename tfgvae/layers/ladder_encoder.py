"""The convolutional encoder of the sequential VAE: features at every scale, then a dense top."""

from typing import Any

import keras

from tfgvae.layers import blocks
from tfgvae.layers.scales import pyramid
from tfgvae.types import BatchShape, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class LadderEncoder(keras.layers.Layer):
    """Images [B, H, W, C] to [features at scale 1, ..., features at scale S, top [B, dense]].

    Scale i has a convolution of stride 2 to width * 2^(i-1) channels and one of stride 1 to
    width * 2^i, both with normalisation and leaky ReLU 0.1: at 64x64 and width 48 the authors'
    48 96 192 384.

    Args:
      image_shape: (H, W, C), any number of channels.
      width: channels after the first convolution.
      dense: units of the top.
      kernel_size: side of the kernels; 4 in the authors' code.
      norm: normalisation: "none", "batch", "group" or "layer".
    """

    def __init__(
        self,
        image_shape: Shape,
        width: int = 32,
        dense: int = 256,
        kernel_size: int = 4,
        norm: str = "batch",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = tuple(image_shape)
        self.width = width
        self.dense = dense
        self.kernel_size = kernel_size
        self.norm = norm
        # A pair of images has more channels than an image.
        self._sizes = pyramid((*self.image_shape[:2], 1))
        self._scales = []
        options = {"norm": norm, "activation": "leaky_relu"}
        for i in range(len(self._sizes) - 1):
            down = blocks.conv(width * 2**i, kernel_size, 2, **options)
            same = blocks.conv(width * 2 ** (i + 1), kernel_size, 1, **options)
            self._scales.append(keras.Sequential([down, same]))
        self._top = keras.Sequential([keras.layers.Flatten(), blocks.dense(dense, **options)])

    def feature_shapes(self) -> list[Shape]:
        """Shapes [(H_i, W_i, channels_i)] of the features at the scales."""
        sizes = self._sizes[1:]
        return [(*size, self.width * 2 ** (i + 1)) for i, size in enumerate(sizes)]

    def build(self, x_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        shape = (None, *self.image_shape)
        for scale in self._scales:
            scale.build(shape)
            shape = scale.output_shape
        self._top.build(shape)
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> list[Tensor]:
        features = []
        for scale in self._scales:
            x = scale(x, training=training)
            features.append(x)
        return [*features, self._top(x, training=training)]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "width": self.width,
            "dense": self.dense,
            "kernel_size": self.kernel_size,
            "norm": self.norm,
        }

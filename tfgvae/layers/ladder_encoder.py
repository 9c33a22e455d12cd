"""The convolutional encoder of the sequential VAE: features at every scale, then a dense top."""

from typing import Any

import keras

from tfgvae.layers import blocks
from tfgvae.layers.scales import channels_of, pyramid
from tfgvae.types import BatchShape, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class LadderEncoder(keras.layers.Layer):
    """Images [B, H, W, C] to [features at scale 1, ..., features at scale S, top [B, dense]].

    With c_0 .. c_S channels, scale i has a convolution of stride 2 to c_(i-1) channels and one of
    stride 1 to c_i, both with normalisation and leaky ReLU 0.1.

    Args:
      image_shape: (H, W, C), any number of channels.
      width: c_0; it doubles with each scale.
      dense: units of the top.
      kernel_size: side of the kernels; 4 in the authors' code.
      norm: normalisation: "none", "batch", "group" or "layer".
      channels: (c_0, ..., c_S) instead of width; () for width.
    """

    def __init__(
        self,
        image_shape: Shape,
        width: int = 32,
        dense: int = 256,
        kernel_size: int = 4,
        norm: str = "batch",
        channels: tuple = (),
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
        self.channels = channels_of(self._sizes, width, channels)
        self._make_layers()

    def _make_layers(self):
        options = {"norm": self.norm, "activation": "leaky_relu"}
        self._scales = []
        for i in range(len(self._sizes) - 1):
            down = blocks.conv(self.channels[i], self.kernel_size, 2, **options)
            same = blocks.conv(self.channels[i + 1], self.kernel_size, 1, **options)
            self._scales.append(keras.Sequential([down, same]))
        self._top = keras.Sequential([keras.layers.Flatten(), blocks.dense(self.dense, **options)])

    def feature_shapes(self) -> list[Shape]:
        """Shapes [(H_i, W_i, channels_i)] of the features at the scales."""
        sizes = zip(self._sizes[1:], self.channels[1:], strict=True)
        return [(*size, channels) for size, channels in sizes]

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
            "channels": self.channels,
        }

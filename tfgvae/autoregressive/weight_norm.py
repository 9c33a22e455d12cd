"""Weight normalisation with data-dependent initialisation (Salimans and Kingma 2016)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae.autoregressive.causal import CausalConv
from tfgvae.types import BatchShape, Tensor

_SMALLEST_VARIANCE = 1e-10


class Normalized(keras.layers.Layer):
    """Base of a convolution with K = g V / |V|, one norm for each output channel.

    `initialize` sets g and b from the first batch, so that its outputs have mean 0 and standard
    deviation `init_scale`. Until then g is `init_scale` and b is 0.
    """

    def _add_kernel(self, shape):
        normal = keras.initializers.RandomNormal(stddev=0.05)
        constant = keras.initializers.Constant(self.init_scale)
        # The norm is a sum: float32 under any policy.
        self._direction = self.add_weight(
            shape=shape, initializer=normal, name="direction", autocast=False
        )
        self._norm = self.add_weight(
            shape=(self.filters,), initializer=constant, name="norm", autocast=False
        )

    def kernel(self) -> Tensor:
        """K, in the layer's compute type."""
        unit = tf.math.l2_normalize(self._direction, axis=[0, 1, 2])
        return tf.cast(unit * self._norm, self.compute_dtype)

    def initialize(self, x: Tensor) -> None:
        """Set the norms and the bias from a batch of inputs, eagerly."""
        mean, variance = tf.nn.moments(tf.cast(self(x), tf.float32), axes=[0, 1, 2])
        # These outputs were computed with the current norms and bias.
        scale = self.init_scale * tf.math.rsqrt(variance + _SMALLEST_VARIANCE)
        self.bias.assign((self.bias - mean) * scale)
        self._norm.assign(self._norm * scale)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "init_scale": self.init_scale}


@keras.saving.register_keras_serializable("tfgvae")
class NormalizedConv(Normalized, CausalConv):
    """A causal convolution with weight normalisation: arguments as CausalConv's."""

    def __init__(self, filters: int, *args: Any, init_scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(filters, *args, **kwargs)
        self.init_scale = init_scale


@keras.saving.register_keras_serializable("tfgvae")
class NormalizedDeconv(Normalized):
    """The transposed convolution of stride 2 from a scale to the next finer one.

    y[2 i + a, 2 j + b - right] = b + sum x[i, j] K[a, b], K of 2 rows and 2 + right columns.

    Args:
      filters: output channels.
      right: 1 for the vertical stream, whose kernel also reaches a column to the right; 0 for the
        horizontal one.
      init_scale: standard deviation of the outputs after `initialize`.
    """

    def __init__(
        self, filters: int, right: int = 0, init_scale: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.right, self.init_scale = filters, right, init_scale

    def build(self, x_shape: BatchShape) -> None:
        if self.built:
            return
        self._add_kernel((2, 2 + self.right, x_shape[-1], self.filters))
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """[B, H, W, in_channels] to [B, 2 H, 2 W, filters]."""
        shape = tf.shape(x)
        height, width = (x.shape[i] or shape[i] for i in (1, 2))
        kernel = tf.transpose(self.kernel(), [0, 1, 3, 2])
        output_shape = [shape[0], 2 * height, 2 * width + self.right, self.filters]
        y = tf.nn.conv2d_transpose(x, kernel, output_shape, 2, "VALID")
        y = y[:, :, self.right :] if self.right else y
        return tf.nn.bias_add(y, tf.cast(self.bias, y.dtype))

    def matrix(self) -> tuple[Tensor, Tensor]:
        """(W [in_channels, 4 filters], b [4 filters]): the four outputs of one input."""
        kernel = tf.transpose(self.kernel(), [2, 0, 1, 3])
        kernel = tf.reshape(kernel, [kernel.shape[0], 4 * self.filters])
        return kernel, tf.cast(tf.tile(self.bias, [4]), kernel.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "right": self.right}

"""Convolutions over what comes before in raster order, with masks between colours."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.types import BatchShape, Tensor

# The number of groups of input channels that output group c sees at its own position.
SEES = {
    "all": lambda c, groups: groups,
    "own": lambda c, groups: c + 1,  # its own and earlier ones: mask B
    "earlier": lambda c, groups: c,  # mask A
}


def check_filters(filters: int, groups: int) -> None:
    """Check that filters can be cut into groups, one for each channel of the image.

    Raises:
      ValueError: no multiple.
    """
    if filters % groups:
        raise ValueError(
            f"filters must be a multiple of the {groups} channels of the image, got {filters}"
        )


@keras.saving.register_keras_serializable("tfgvae")
class CausalConv(keras.layers.Layer):
    """A convolution over rows i - rows + 1 .. i and columns j - left .. j + right.

    y[i, j] = b + sum_{r, s} x[i - rows + 1 + r, j - left + s] K[r, s], zeros outside the image.

    The input image of a stack is shifted by a row or a column, so a kernel may include its own
    position. Channels can be cut into equal groups, one for each colour. At (i, j) the output group
    c sees the input groups that `sees` names, elsewhere all of them (masks A and B of van den Oord,
    Kalchbrenner, Kavukcuoglu 2016).

    Args:
      filters: output channels, a multiple of `groups`.
      rows: rows of the kernel; the last is its own row.
      left, right: columns of the kernel to the left and right of its own.
      stride: 1, or 2 for every second row and column of y.
      groups: number of groups of channels.
      sees: a name in SEES.
      use_bias: whether there is a b.
    """

    def __init__(
        self,
        filters: int,
        rows: int = 1,
        left: int = 0,
        right: int = 0,
        stride: int = 1,
        groups: int = 1,
        sees: str = "all",
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_filters(filters, groups)
        self.filters, self.rows, self.left, self.right = filters, rows, left, right
        self.stride, self.groups, self.use_bias = stride, groups, use_bias
        self.sees = checks.choice("sees", sees, SEES)

    def build(self, x_shape: BatchShape) -> None:
        if self.built:
            return
        self.in_channels = x_shape[-1]
        shape = (self.rows, self.left + 1 + self.right, self.in_channels, self.filters)
        self._add_kernel(shape)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self._mask = self._make_mask(shape)
        self.built = True

    def _add_kernel(self, shape):
        self._kernel = self.add_weight(shape=shape, name="kernel")

    def kernel(self) -> Tensor:
        """K [rows, left + 1 + right, in_channels, filters], in the layer's compute type."""
        kernel = self._kernel if self._mask is None else self._kernel * self._mask
        return tf.cast(kernel, self.compute_dtype)

    def visible(self, group: int) -> int:
        """The number of input channels at its own position that output group `group` sees."""
        return SEES[self.sees](group, self.groups) * self.in_channels // self.groups

    def part(self, group: int) -> slice:
        """The output channels of a group, as a slice."""
        size = self.filters // self.groups
        return slice(group * size, (group + 1) * size)

    def _make_mask(self, shape):
        mask = np.ones(shape, np.float32)
        for group in range(self.groups):
            mask[-1, self.left, self.visible(group) :, self.part(group)] = 0.0
        return None if mask.all() else mask

    def call(self, x: Tensor) -> Tensor:
        return self._convolve(x, above=self.rows - 1)

    def _convolve(self, x, above):
        if above or self.left or self.right:
            x = tf.pad(x, [[0, 0], [above, 0], [self.left, self.right], [0, 0]])
        return self._biased(tf.nn.conv2d(x, self.kernel(), self.stride, "VALID"))

    def _biased(self, y):
        return y if self.bias is None else tf.nn.bias_add(y, tf.cast(self.bias, y.dtype))

    # --- for the evaluators of a row and of a pixel -------------------------------------------

    def on_rows(self, x: Tensor) -> Tensor:
        """One row [B, 1, W, filters] from the rows [B, rows, W, in_channels] that it sees."""
        return self._convolve(x, above=0)

    def of_rows_above(self, x: Tensor) -> Tensor:
        """The part of one row from the rows above: [B, rows - 1, W, in] to [B, 1, W, filters].

        `matrix` gives the rest: the row itself and the bias.
        """
        x = tf.pad(x, [[0, 0], [0, 0], [self.left, self.right], [0, 0]])
        return tf.nn.conv2d(x, self.kernel()[:-1], self.stride, "VALID")

    def matrix(self, group: int = 0) -> tuple[Tensor, Tensor | None]:
        """(W, b) of one pixel and group. Inputs: columns to the left, its own visible channels."""
        width = self.left * self.in_channels + self.visible(group)
        kernel = tf.reshape(self.kernel()[-1], [-1, self.filters])[:width, self.part(group)]
        bias = None if self.bias is None else tf.cast(self.bias[self.part(group)], kernel.dtype)
        return kernel, bias

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "rows": self.rows,
            "left": self.left,
            "right": self.right,
            "stride": self.stride,
            "groups": self.groups,
            "sees": self.sees,
            "use_bias": self.use_bias,
        }


def shift_down(x: Tensor) -> Tensor:
    """Images [B, H, W, F] moved down by a row: position (i, j) has the pixel above it."""
    return tf.pad(x, [[0, 0], [1, 0], [0, 0], [0, 0]])[:, :-1]


def shift_right(x: Tensor) -> Tensor:
    """Images [B, H, W, F] moved right by a column: (i, j) has the pixel to its left."""
    return tf.pad(x, [[0, 0], [0, 0], [1, 0], [0, 0]])[:, :, :-1]

"""The gated block of the PixelCNN (van den Oord et al. 2016, Figure 2)."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgvae.autoregressive.causal import CausalConv, check_filters
from tfgvae.autoregressive.evaluation import Evaluator
from tfgvae.types import BatchShape, Tensor


def halves(x: Tensor, groups: int = 1) -> Sequence[Tensor]:
    """Cut every group of the channels [..., groups * 2 * n] in two: a pair of [..., groups * n]."""
    if groups == 1:
        return tf.split(x, 2, axis=-1)
    parts = tf.split(x, 2 * groups, axis=-1)
    return tf.concat(parts[::2], axis=-1), tf.concat(parts[1::2], axis=-1)


def gate(x: Tensor, groups: int = 1) -> Tensor:
    """tanh(a) * sigmoid(b) of the halves a, b of every group of channels."""
    a, b = halves(x, groups)
    return tf.tanh(a) * tf.sigmoid(b)


@keras.saving.register_keras_serializable("tfgvae")
class GatedBlock(keras.layers.Layer):
    """A vertical stack over the rows above, a horizontal one over the pixels to the left.

    v' = gate(s),                    s = conv(v) + V c
    h' = h + W_1 g,  skip = W_2 g,   g = gate(conv(h) + U s + H c)

    with gate(a, b) = tanh(a) * sigmoid(b), 1x1 kernels U, V, H, W, and the condition c: a vector,
    or a map. The channels of the horizontal stack are cut into groups, one for each colour. The
    vertical stack sees whole rows only and needs no groups.

    It is written once for all evaluators: see autoregressive.evaluation.

    Args:
      filters: channels of both stacks, a multiple of `groups`.
      kernel_size: odd side of the kernels, before any mask.
      groups: channels of the image.
      first: whether the block reads the shifted image itself. Then it has no residual connection,
        and mask A between the colours of a pixel.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        groups: int = 1,
        first: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size
        self.groups, self.first = groups, first
        # Before they are doubled, so that an error has what was given.
        check_filters(filters, groups)
        reach = kernel_size // 2
        # The input of the first block is shifted by one, so its kernels reach one less.
        rows, left = (reach, reach - 1) if first else (reach + 1, reach)
        self._down = CausalConv(2 * filters, rows, reach, reach)
        self._link = CausalConv(2 * filters)
        sees = "all" if first else "own"
        # The input from the vertical stack has a bias already.
        self._across = CausalConv(2 * filters, left=left, groups=groups, sees=sees, use_bias=False)
        self._out = CausalConv(2 * filters, groups=groups, sees="own")
        self._colours = None
        if first and groups > 1:
            self._colours = CausalConv(2 * filters, groups=groups, sees="earlier", use_bias=False)
        self._conditions = [keras.layers.Dense(2 * filters, use_bias=False) for _ in range(2)]

    def build(self, x_shape: BatchShape, params_shape: BatchShape) -> None:
        if self.built:
            return
        self._down.build(x_shape)
        self._link.build((*x_shape[:-1], 2 * self.filters))
        self._across.build(x_shape)
        self._out.build((*x_shape[:-1], self.filters))
        if self._colours is not None:
            self._colours.build((*x_shape[:-1], self.groups))
        for layer in self._conditions:
            layer.build(params_shape)
        self.built = True

    def vertical_layers(self) -> list[CausalConv]:
        """The convolutions of `vertical`."""
        return [self._down, self._link]

    def horizontal_layers(self) -> list[CausalConv]:
        """The convolutions of `horizontal`."""
        layers = [self._across, self._colours, self._out]
        return [layer for layer in layers if layer is not None]

    def vertical(self, run: Evaluator, v: Tensor) -> Tensor:
        """Return v' and give U s + H c to the horizontal stack."""
        seen = run.conv(self._down, v) + run.condition(self._conditions[0])
        run.give(run.conv(self._link, seen) + run.condition(self._conditions[1]))
        return gate(seen)

    def horizontal(
        self, run: Evaluator, h: Tensor, image: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return (h', skip). The first block also reads the pixel's earlier colours, if any."""
        seen = run.conv(self._across, h) + run.take()
        if self._colours is not None and image is not None:
            seen = seen + run.conv(self._colours, image)
        out = run.conv(self._out, gate(seen, run.groups))
        residual, skip = halves(out, run.groups)
        return (residual if self.first else h + residual), skip

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "groups": self.groups,
            "first": self.first,
        }

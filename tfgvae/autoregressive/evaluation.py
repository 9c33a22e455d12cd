"""Ways to evaluate one autoregressive network: a whole image, a row of it, a pixel of it.

A network is a program over two streams. The vertical stream at row i depends on the rows above i.
The horizontal stream at (i, j) depends on all positions before (i, j) in raster order. At every
block the vertical stream gives features to the horizontal one. A stream may have coarser scales: a
convolution of stride 2 leads down to the next scale, a transposed one leads up from it.

The program calls an evaluator `run` for everything that is not a function of one position alone:

    run.conv(layer, x)        a causal convolution
    run.condition(layer)      a layer of the image's condition
    run.dropout(x)            dropout, in training
    run.below(...)            the coarser scales
    run.give(x), run.take()   pass x from the vertical to the horizontal program, in order

`WholeImage` computes whole streams (training, log_prob). `Initializing` also sets the
data-dependent weights. `incremental.OneRow` and `incremental.OnePixel` compute the next row and the
next pixel (sampling). All run the same program with the same weights.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import tensorflow as tf
from keras.layers import Layer

from tfgvae import seeds
from tfgvae.types import Tensor

# A WholeImage, an Initializing, a OneRow or a OnePixel. They share method names, not a class.
Evaluator: TypeAlias = Any


class WholeImage:
    """The evaluator of whole images: streams are [B, H, W, F].

    Args:
      params: the condition c: [B, 1, 1, K], or a map [B, H, W, K].
      groups: number of groups of the horizontal stream's channels.
      rate: rate of the dropout.
      seed: int64 scalar of a training step; None: no dropout.
    """

    def __init__(
        self, params: Tensor, groups: int = 1, rate: float = 0.0, seed: Tensor | None = None
    ) -> None:
        self.params = params
        self.groups = groups
        self._rate, self._seed = rate, seed
        self._dropped = 0
        self._given: dict[int, list[Tensor]] = {}
        self._scale = 0

    def conv(self, layer: Layer, x: Tensor) -> Tensor:
        """layer(x)."""
        return layer(x)

    def condition(self, layer: Layer) -> Tensor:
        """The layer applied to the condition, at the size of this scale."""
        return layer(self.params)

    def dropout(self, x: Tensor) -> Tensor:
        """Drop each value with probability `rate` and divide the others by 1 - rate."""
        if self._seed is None or not self._rate:
            return x
        self._dropped += 1
        seed = seeds.fold_in(self._seed, self._dropped)
        noise = seeds.batch_uniform(seed, tf.shape(x)[0], x.shape[1:])
        kept = tf.cast(noise >= self._rate, x.dtype)
        return x * kept / (1.0 - self._rate)

    def give(self, x: Tensor) -> None:
        """Pass x from the vertical program to the horizontal one."""
        self._given.setdefault(self._scale, []).append(x)

    def take(self) -> Tensor:
        """The next x that the vertical program gave at this scale."""
        return self._given[self._scale].pop(0)

    def below(self, down: Layer, up: Layer, x: Tensor, inner: Callable[[Tensor], Tensor]) -> Tensor:
        """up(inner(down(x))), cut to the size of x."""
        shape, params = x.shape, self.params
        size = tf.shape(x)[1:3]
        x = self.conv(down, x)
        self.params = params[:, ::2, ::2]  # A vector does not change.
        self._scale += 1
        x = inner(x)
        self._scale -= 1
        self.params = params
        x = self.conv(up, x)
        # Nothing to cut off: a slice of the whole would copy it, and its gradient again.
        whole = None not in shape[1:3] and x.shape[1:3] == shape[1:3]
        return x if whole else x[:, : size[0], : size[1]]


class Initializing(WholeImage):
    """Sets the data-dependent weights of each layer before it is applied. Runs eagerly."""

    def conv(self, layer: Layer, x: Tensor) -> Tensor:
        """layer(x), after its weights are set from x."""
        layer.initialize(x)
        return layer(x)

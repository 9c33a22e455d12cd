"""Ways to evaluate one autoregressive network: a whole image, a row of it, a pixel of it.

A network is a program over two streams. The vertical stream holds at row i what depends on the rows
above i, the horizontal one at (i, j) what comes before (i, j) in raster order; the vertical gives
the horizontal something at every block. Either may have coarser scales below it, each reached by
a convolution of stride 2 and left by a transposed one.

The program asks an evaluator `run` for whatever is not a function of one position alone:

    run.conv(layer, x)        a causal convolution
    run.condition(layer)      the condition of the image, through a layer
    run.dropout(x)            in training
    run.below(...)            the coarser scales
    run.give(x), run.take()   from the vertical program, in its order, to the horizontal one

`WholeImage` has the whole streams (training, log_prob), `Initializing` sets data-dependent weights
on its way, and `incremental.OneRow` and `incremental.OnePixel` have the next row and the next pixel
(sampling). All of them run the same program with the same weights.
"""

import tensorflow as tf

from tfgvae import seeds


class WholeImage:
    """Streams are [B, H, W, F].

    Args:
      params: the condition c: [B, 1, 1, K], or a map [B, H, W, K].
      groups: channels of the image, into which the horizontal stream may be cut.
      rate: of the dropout.
      seed: int64 scalar of a training step; None evaluates, without dropout.
    """

    def __init__(self, params, groups=1, rate=0.0, seed=None):
        self.params = params
        self.groups = groups
        self._rate, self._seed = rate, seed
        self._dropped = 0
        self._given = {}
        self._scale = 0

    def conv(self, layer, x):
        """layer(x)."""
        return layer(x)

    def condition(self, layer):
        """The layer applied to the condition, at the size of this scale."""
        return layer(self.params)

    def dropout(self, x):
        """Each value is dropped with probability `rate`, the others grow by 1 / (1 - rate)."""
        if self._seed is None or not self._rate:
            return x
        self._dropped += 1
        seed = seeds.fold_in(self._seed, self._dropped)
        noise = seeds.batch_uniform(seed, tf.shape(x)[0], x.shape[1:])
        kept = tf.cast(noise >= self._rate, x.dtype)
        return x * kept / (1.0 - self._rate)

    def give(self, x):
        """Hand x of the vertical program to the horizontal one."""
        self._given.setdefault(self._scale, []).append(x)

    def take(self):
        """What the vertical program gave at this place of this scale."""
        return self._given[self._scale].pop(0)

    def below(self, down, up, x, inner):
        """up(inner(down(x))), cut to the size of x."""
        size, params = tf.shape(x)[1:3], self.params
        x = self.conv(down, x)
        self.params = params[:, ::2, ::2]  # A vector stays what it is.
        self._scale += 1
        x = inner(x)
        self._scale -= 1
        self.params = params
        return self.conv(up, x)[:, : size[0], : size[1]]


class Initializing(WholeImage):
    """Sets the data-dependent weights of each layer before it is applied. Runs eagerly."""

    def conv(self, layer, x):
        """layer(x), once its weights are set from x."""
        layer.initialize(x)
        return layer(x)

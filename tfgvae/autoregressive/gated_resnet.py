"""The gated residual block of PixelCNN++ (Salimans et al. 2017, Section 2.3)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae.autoregressive.causal import CausalConv
from tfgvae.autoregressive.evaluation import Evaluator
from tfgvae.autoregressive.weight_norm import NormalizedConv
from tfgvae.types import BatchShape, Tensor


@tf.custom_gradient
def concat_elu(x: Tensor) -> Tensor:
    """elu of x and of -x, concatenated: twice the channels (Shang et al. 2016, with elu)."""
    y = tf.nn.elu(tf.concat([x, -x], axis=-1))

    def gradient(upstream):
        # TensorFlow's own gradient of the concatenation cuts out the halves one by one.
        inner = tf.raw_ops.EluGrad(gradients=upstream, outputs=y)
        plus, minus = tf.split(inner, 2, axis=-1)
        return plus - minus

    return y, gradient


class _Stream:
    """The layers of one stream in a block: two convolutions and a 1x1 one for a skip connection."""

    def __init__(self, filters, shape, has_skip):
        self.first = NormalizedConv(filters, **shape)
        self.second = NormalizedConv(2 * filters, **shape, init_scale=0.1)
        self.skip = NormalizedConv(filters) if has_skip else None
        self.layers = [self.first, self.second, *([self.skip] if has_skip else [])]


VERTICAL = {"rows": 2, "left": 1, "right": 1}
HORIZONTAL = {"rows": 2, "left": 1}


@keras.saving.register_keras_serializable("tfgvae")
class GatedResnet(keras.layers.Layer):
    """x + a * sigmoid(b),  (a, b) = conv(drop(e(conv(e(x)) + S e(skip) + U e(v')))) + C c

    for both streams, e = concat_elu, with weight-normalised convolutions, 2x3 in the vertical
    stream and 2x2 in the horizontal one. U e(v') goes from the vertical stream's output v' to
    the horizontal stream. In the up pass, `skip` is the output of a block of the down pass. c is
    the condition. Salimans et al. normalise U and S of the horizontal stream as one matrix; here
    they are two.

    Args:
      filters: channels of both streams.
      has_skip: whether it is a block of the up pass.
    """

    def __init__(self, filters: int, has_skip: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.has_skip = filters, has_skip
        self._link = NormalizedConv(filters)
        streams = [_Stream(filters, shape, has_skip) for shape in (VERTICAL, HORIZONTAL)]
        self._vertical, self._horizontal = streams
        self._convolutions = [*streams[0].layers, *streams[1].layers]
        normal = keras.initializers.RandomNormal(stddev=0.05)
        self._conditions = [
            keras.layers.Dense(2 * filters, use_bias=False, kernel_initializer=normal)
            for _ in streams
        ]

    def build(self, x_shape: BatchShape, params_shape: BatchShape) -> None:
        if self.built:
            return
        doubled = (*x_shape[:-1], 2 * self.filters)
        for layer in (self._link, *self._convolutions):
            layer.build(doubled)
        for layer in self._conditions:
            layer.build(params_shape)
        self.built = True

    def vertical_layers(self) -> list[CausalConv]:
        """The convolutions of `vertical`."""
        return [*self._vertical.layers, self._link]

    def horizontal_layers(self) -> list[CausalConv]:
        """The convolutions of `horizontal`."""
        return self._horizontal.layers

    def vertical(self, run: Evaluator, v: Tensor, skip: Tensor | None = None) -> Tensor:
        """Return v' and give U e(v') and C c to the horizontal stream."""
        v = self._residual(run, self._vertical, v, skip, None, run.condition(self._conditions[0]))
        run.give(run.conv(self._link, concat_elu(v)))
        run.give(run.condition(self._conditions[1]))
        return v

    def horizontal(self, run: Evaluator, h: Tensor, skip: Tensor | None = None) -> Tensor:
        """Return h'."""
        return self._residual(run, self._horizontal, h, skip, run.take(), run.take())

    def _residual(self, run, stream, x, skip, link, condition):
        hidden = run.conv(stream.first, concat_elu(x))
        if skip is not None:
            hidden += run.conv(stream.skip, concat_elu(skip))
        if link is not None:
            hidden += link
        hidden = run.dropout(concat_elu(hidden))
        a, b = tf.split(run.conv(stream.second, hidden) + condition, 2, axis=-1)
        return x + a * tf.sigmoid(b)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "has_skip": self.has_skip}

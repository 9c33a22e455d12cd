"""A transposed convolution to few channels, as one matrix product: the last layer of a decoder.

With stride 2 and a 4x4 kernel, kernel row p = 2 u + v adds to row 2 i + p - 1 of the output:

    y[2 m + v - 1] = sum_u x[m - u] k[2 u + v],   u, v in {0, 1}

and likewise in the columns. The product x k has all 16 terms of each input; those of equal (u, u')
are shifted by (u, u'), added, and interleaved. TensorFlow's kernel for CPUs takes twice as long
for one channel, because it works on blocks of channels. Its gradients are fast and stay.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgvae.types import Tensor

WIDEST = 3  # filters; above, it is not faster.


@tf.custom_gradient
def transposed(x: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
    """tf.nn.conv2d_transpose with a 4x4 kernel, stride 2 and "SAME": [B, 2 H, 2 W, O].

    Args:
      x: [B, H, W, I].
      kernel: [4, 4, O, I].
    """
    height, width = x.shape[1:3]
    filters, channels = kernel.shape[2:]
    # [I, (u, u', v, v', O)]
    ordered = tf.transpose(tf.reshape(kernel, [2, 2, 2, 2, filters, channels]), [5, 0, 2, 1, 3, 4])
    terms = tf.reshape(x, [-1, channels]) @ tf.reshape(ordered, [channels, 16 * filters])
    terms = tf.split(tf.reshape(terms, [-1, height, width, 16 * filters]), 4, axis=-1)
    shifts = [(u, w) for u in (0, 1) for w in (0, 1)]
    shifted = [
        tf.pad(term, [[0, 0], [u, 1 - u], [w, 1 - w], [0, 0]])
        for term, (u, w) in zip(terms, shifts, strict=True)
    ]
    y = tf.nn.depth_to_space(tf.add_n(shifted), 2)[:, 1:-1, 1:-1]

    def gradient(dy):
        dx = tf.nn.conv2d(dy, kernel, 2, "SAME")
        return dx, tf.raw_ops.Conv2DBackpropFilter(
            input=dy,
            filter_sizes=kernel.shape,
            out_backprop=x,
            strides=[1, 2, 2, 1],
            padding="SAME",
        )

    return y, gradient


@keras.saving.register_keras_serializable("tfgvae")
class NarrowConv2DTranspose(keras.layers.Conv2DTranspose):
    """keras.layers.Conv2DTranspose(filters, 4, 2, padding="same") for few filters."""

    def call(self, inputs: Tensor) -> Tensor:
        y = transposed(inputs, tf.convert_to_tensor(self.kernel))
        return y + self.bias if self.use_bias else y


def layer(
    filters: int, kernel_size: int, strides: int, **options: Any
) -> keras.layers.Conv2DTranspose:
    """A transposed convolution with the padding "same", of the class that is fastest for it."""
    narrow = filters <= WIDEST and (kernel_size, strides) == (4, 2)
    made = NarrowConv2DTranspose if narrow else keras.layers.Conv2DTranspose
    return made(filters, kernel_size, strides, padding="same", **options)

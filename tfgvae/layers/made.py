"""MADE: a dense network whose output d depends on inputs 1 .. d - 1 only (Germain et al. 2015)."""

import itertools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.types import Tensor


def degrees(size: int, hidden: tuple[int, ...]) -> list[np.ndarray]:
    """The degree of every unit, layer by layer: a unit sees inputs of at most its degree."""
    inputs = np.arange(1, size + 1)
    # Degrees from 1 to size - 1 in turn, so that every output sees all that it may see.
    rest = [np.arange(units) % max(1, size - 1) + 1 for units in hidden]
    return [inputs, *rest]


def masks(size: int, hidden: tuple[int, ...]) -> list[np.ndarray]:
    """The masks of the kernels, float32 [in, out]; the last is strict: output d sees inputs < d."""
    found = degrees(size, hidden)
    inner = [a[:, None] <= b[None, :] for a, b in itertools.pairwise(found)]
    last = found[-1][:, None] < found[0][None, :]
    return [mask.astype(np.float32) for mask in (*inner, last)]


@keras.saving.register_keras_serializable("tfgvae")
class MADE(keras.layers.Layer):
    """x [..., size] to `outputs` numbers for each of its coordinates: [..., size, outputs].

    Numbers of coordinate d depend on x_1, ..., x_{d-1} only. With zero weights in the last layer
    they start at 0.

    Args:
      size: D >= 1.
      outputs: numbers for each coordinate.
      hidden: units of the hidden layers.
    """

    def __init__(
        self, size: int, outputs: int = 2, hidden: tuple = (64, 64), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size = checks.integer("size", size, 1)
        self.outputs = checks.integer("outputs", outputs, 1)
        self.hidden = checks.sizes("hidden", hidden, 1)

    def build(self, x_shape: Any = None) -> None:
        if self.built:
            return
        *inner, last = masks(self.size, self.hidden)
        # The last layer gives `outputs` numbers side by side for each coordinate.
        self._masks = [*inner, np.repeat(last, self.outputs, axis=1)]
        self._kernels, self._biases = [], []
        for number, mask in enumerate(self._masks):
            final = number == len(inner)
            start = "zeros" if final else "glorot_uniform"
            kernel = self.add_weight(shape=mask.shape, initializer=start, name=f"kernel_{number}")
            bias = self.add_weight(shape=mask.shape[1:], initializer="zeros", name=f"bias_{number}")
            self._kernels.append(kernel)
            self._biases.append(bias)
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        h = x
        for number, mask in enumerate(self._masks):
            kernel = tf.cast(self._kernels[number] * mask, h.dtype)
            h = tf.tensordot(h, kernel, 1) + tf.cast(self._biases[number], h.dtype)
            if number + 1 < len(self._masks):
                h = tf.nn.elu(h)
        shape = tf.concat([tf.shape(x), [self.outputs]], axis=0)
        return tf.ensure_shape(tf.reshape(h, shape), [*x.shape, self.outputs])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "outputs": self.outputs,
            "hidden": self.hidden,
        }

"""An affine autoregressive bijector with networks that Keras tracks (Papamakarios et al. 2017).

y_d = x_d exp(a_d(x_<d, h)) + m_d(x_<d, h) or its inverse, with (m, a) a MADE and h a context.

tfb.MaskedAutoregressiveFlow does the mathematics. Its own networks are layers of tf_keras, which a
Keras 3 model does not track.
"""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgvae import checks
from tfgvae.layers.made import MADE
from tfgvae.types import Tensor

# exp of a log scale within this bound neither overflows nor makes the flow singular.
_LARGEST_LOG_SCALE = 5.0


@keras.saving.register_keras_serializable("tfgvae")
class AutoregressiveFlow(keras.layers.Layer):
    """A chain of MADE transforms with the order of the coordinates reversed between them.

    It starts as the identity, but for the order.

    Args:
      size: D.
      transforms: how many, >= 1.
      hidden: units of each MADE's hidden layers.
      context: units of h, which shifts m and a of every transform; 0 for none.
    """

    def __init__(
        self,
        size: int,
        transforms: int = 2,
        hidden: tuple = (64, 64),
        context: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = checks.integer("size", size, 1)
        self.transforms = checks.size("transforms", transforms, 1)
        self.hidden = checks.sizes("hidden", hidden, 1)
        self.context = checks.size("context", context, 0)
        # Under a mixed precision policy densities are float32.
        self._networks = [
            MADE(self.size, 2, self.hidden, dtype="float32") for _ in range(self.transforms)
        ]
        self._from_context = [
            keras.layers.Dense(2 * self.size, kernel_initializer="zeros", dtype="float32")
            for _ in range(self.transforms if self.context else 0)
        ]

    def build(self, x_shape: Any = None) -> None:
        if self.built:
            return
        for network in self._networks:
            network.build((None, self.size))
        for layer in self._from_context:
            layer.build((None, self.context))
        self.built = True

    def bijector(self, h: Tensor | None = None) -> tfb.Bijector:
        """The bijector whose inverse is one pass: fast densities, draws in D passes.

        Args:
          h: the context [B, context]; None where there is none.
        """
        parts: list[tfb.Bijector] = []
        for number, network in enumerate(self._networks):
            function = self._shift_and_log_scale(network, number, h)
            parts.append(tfb.MaskedAutoregressiveFlow(function))
            parts.append(tfb.Permute(list(range(self.size))[::-1]))
        return tfb.Chain(parts[:-1])

    def _shift_and_log_scale(self, network, number, h):
        offset = 0.0
        if self._from_context:
            offset = tf.reshape(self._from_context[number](h), [-1, self.size, 2])

        def function(x, **_):
            shift, log_scale = tf.unstack(network(x) + offset, num=2, axis=-1)
            bound = _LARGEST_LOG_SCALE
            return shift, bound * tf.tanh(log_scale / bound)

        return function

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "transforms": self.transforms,
            "hidden": self.hidden,
            "context": self.context,
        }

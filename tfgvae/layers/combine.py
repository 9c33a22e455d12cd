"""How latents enter the features of a decoder: the three ways of the authors' code."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfgvae.layers import blocks
from tfgvae.layers.activations import leaky_relu
from tfgvae.registry import lookup
from tfgvae.types import BatchShape, Shape, Tensor

MODES = {"concat": "concatenated", "add": "added", "gated_add": "added through a learned gate"}
GATE_AT_START = 0.1


@keras.saving.register_keras_serializable("tfgvae")
class Inject(keras.layers.Layer):
    """A dense layer and a reshape of z [B, Z], then combined with features [B, H, W, F].

    Args:
      feature_shape: (H, W, F); (F,) for the dense top.
      latent_dim: Z.
      combine: "concat" (2 F channels), "add", or "gated_add": features + gate * latents with one
        learned gate for each feature, 0.1 at the start.
      norm: normalisation of the latents' features.
      by_unit: whether each unit of the dense layer is normalised by itself, before the reshape, as
        in the authors' code. If not, each channel is.
      initializer: of the dense layer's kernel, as in blocks.conv.
    """

    def __init__(
        self,
        feature_shape: Shape,
        latent_dim: int,
        combine: str = "concat",
        norm: str = "batch",
        by_unit: bool = False,
        initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        lookup(MODES, combine, "combine")
        self.feature_shape = tuple(feature_shape)
        self.latent_dim = latent_dim
        self.combine = combine
        self.norm = norm
        self.by_unit = by_unit
        self.initializer = initializer
        units = math.prod(self.feature_shape)
        self._project = keras.layers.Dense(
            units, use_bias=norm == "none", kernel_initializer=initializer
        )
        self._normalized_shape = (units,) if by_unit else self.feature_shape
        self._normalize = lookup(blocks.NORMS, norm, "norm")()

    def build(self, h_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._project.build((None, self.latent_dim))
        if self._normalize is not None:
            self._normalize.build((None, *self._normalized_shape))
        if self.combine == "gated_add":
            self.gate = self.add_weight(
                shape=self.feature_shape,
                initializer=keras.initializers.Constant(GATE_AT_START),
                name="gate",
            )
        self.built = True

    def call(self, h: Tensor, z: Tensor, training: bool = False) -> Tensor:
        latents = tf.reshape(self._project(z), [-1, *self._normalized_shape])
        if self._normalize is not None:
            latents = self._normalize(latents, training=training)
        latents = tf.reshape(leaky_relu(latents), [-1, *self.feature_shape])
        if self.combine == "concat":
            return tf.concat([h, latents], axis=-1)
        if self.combine == "add":
            return h + latents
        return h + self.gate * latents

    def output_shape(self) -> Shape:
        """Shape of the combined features, without the batch."""
        *size, channels = self.feature_shape
        return (*size, 2 * channels if self.combine == "concat" else channels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "feature_shape": self.feature_shape,
            "latent_dim": self.latent_dim,
            "combine": self.combine,
            "norm": self.norm,
            "by_unit": self.by_unit,
            "initializer": self.initializer,
        }

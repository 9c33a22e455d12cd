"""Linear heads of a ladder: each group of latents reads the features of its scale."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgvae.layers.activations import softplus_one
from tfgvae.types import BatchShape, Shape, Tensor

MIN_SCALE = 1e-2


@keras.saving.register_keras_serializable("tfgvae")
class LadderHeads(keras.layers.Layer):
    """Features of a LadderEncoder to (shift, scale) of all latents, float32 [B, Z] each.

    The heads start at 0: shift = 0 and scale = 1.

    Args:
      latent_groups: sizes of the groups, finest scale first, top last.
      feature_shapes: the shape of the features at each scale, then of the top.
    """

    def __init__(
        self, latent_groups: Sequence[int], feature_shapes: Sequence[Shape], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.latent_groups = tuple(latent_groups)
        self.feature_shapes = tuple(tuple(shape) for shape in feature_shapes)
        self._flat = keras.layers.Flatten()
        self._heads = [
            keras.layers.Dense(2 * n, kernel_initializer="zeros") for n in self.latent_groups
        ]

    def build(self, features_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        for head, shape in zip(self._heads, self.feature_shapes, strict=True):
            head.build((None, tf.TensorShape(shape).num_elements()))
        self.built = True

    def call(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        groups = [
            tf.split(head(self._flat(h)), 2, axis=-1)
            for head, h in zip(self._heads, features, strict=True)
        ]
        # Densities are float32 under any policy.
        shift, raw = (tf.cast(tf.concat(g, -1), tf.float32) for g in zip(*groups, strict=True))
        return shift, MIN_SCALE + (1 - MIN_SCALE) * softplus_one(raw)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent_groups": self.latent_groups,
            "feature_shapes": self.feature_shapes,
        }

"""p(z_t | z_{t-1}) = N(mean(z_{t-1}), stddev(z_{t-1})^2): the latent prediction of the authors."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.layers import blocks
from tfgvae.layers.activations import softplus_one
from tfgvae.types import BatchShape, Tensor

MIN_STDDEV = 1e-2


@keras.saving.register_keras_serializable("tfgvae.mappings")
class LatentTransition(keras.layers.Layer):
    """Dense layers from z_{t-1} [B, Z] to (mean, stddev) of z_t, float32 [B, Z] each.

    The output layer starts at 0, so z_t is standard normal at first.

    Args:
      latent_dim: Z.
      dense: units of the hidden layers; 1024 1024 1024 in the authors' code.
    """

    def __init__(self, latent_dim: int, dense: tuple = (1024, 1024, 1024), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.latent_dim = checks.size("latent_dim", latent_dim, 1)
        self.dense = checks.sizes("dense", dense, 1)
        hidden = [blocks.dense(n, activation="leaky_relu") for n in self.dense]
        heads = keras.layers.Dense(2 * latent_dim, kernel_initializer="zeros")
        self._layers_in_order = keras.Sequential([*hidden, heads])

    def build(self, z_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._layers_in_order.build((None, self.latent_dim))
        self.built = True

    def call(self, z: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        heads = self._layers_in_order(z, training=training)
        # Densities are float32 under any policy.
        mean, raw = tf.split(tf.cast(heads, tf.float32), 2, axis=-1)
        return mean, MIN_STDDEV + (1 - MIN_STDDEV) * softplus_one(raw)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "dense": self.dense,
        }

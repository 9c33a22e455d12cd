"""p(z_t | z_{t-1}) = N(mean(z_{t-1}), stddev(z_{t-1})^2): the latent prediction of the authors."""

import keras
import tensorflow as tf

from tfgvae.layers import blocks

MIN_STDDEV = 1e-2


@keras.saving.register_keras_serializable("tfgvae.mappings")
class LatentTransition(keras.layers.Layer):
    """Dense layers from z_{t-1} [B, Z] to (mean, stddev) of z_t, each [B, Z].

    It starts as the standard normal: the output layer's weights are 0.

    Args:
      latent_dim: Z.
      dense: units of the hidden layers; 1024 1024 1024 in the authors' code.
      norm: normalisation: "none", "batch", "group" or "layer".
    """

    def __init__(self, latent_dim, dense: tuple = (1024, 1024, 1024), norm: str = "none", **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.dense = tuple(dense)
        self.norm = norm
        hidden = [blocks.dense(n, norm=norm, activation="leaky_relu") for n in self.dense]
        heads = keras.layers.Dense(2 * latent_dim, kernel_initializer="zeros")
        self._layers_in_order = keras.Sequential([*hidden, heads])

    def build(self, z_shape=None):
        if self.built:
            return
        self._layers_in_order.build((None, self.latent_dim))
        self.built = True

    def call(self, z, training=False):
        mean, raw = tf.split(self._layers_in_order(z, training=training), 2, axis=-1)
        # softplus(log(e - 1)) = 1.
        return mean, MIN_STDDEV + (1 - MIN_STDDEV) * tf.nn.softplus(raw + 0.5413248546129181)

    def get_config(self):
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "dense": self.dense,
            "norm": self.norm,
        }

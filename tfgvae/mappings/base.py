"""f: the mapping from latents to parameters of the family (Section 2)."""

import keras

from tfgvae import checks


class Mapping(keras.layers.Layer):
    """z [B, Z] to unconstrained parameters [B, H, W, K], in the layer's compute type.

    Args:
      latent_dim: Z.
      params_shape: (H, W, K), what the family asks for.
    """

    def __init__(self, latent_dim, params_shape, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = checks.integer("latent_dim", latent_dim, 1)
        self.params_shape = checks.integers("params_shape", params_shape, 1, length=3)

    def get_config(self):
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "params_shape": self.params_shape,
        }

"""p(z) = N(0, I)."""

import keras

from tfgvae.distributions.noise import standard_normal
from tfgvae.priors.base import Prior
from tfgvae.types import Distribution


@keras.saving.register_keras_serializable("tfgvae.priors")
class Normal(Prior):
    """The standard normal prior.

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
    """

    is_normal = True

    def distribution(self, inference: keras.layers.Layer) -> Distribution:
        return standard_normal((self.latent_dim,))

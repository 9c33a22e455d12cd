"""p(z) as q brings it: N(0, I), or q(z) itself where q is fixed (Prop. 3)."""

import keras

from tfgvae.priors.base import Prior
from tfgvae.types import Distribution


@keras.saving.register_keras_serializable("tfgvae.priors")
class OfInference(Prior):
    """The prior of the inference distribution. It has no weights of its own.

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
    """

    def distribution(self, inference: keras.layers.Layer) -> Distribution:
        return inference.prior()

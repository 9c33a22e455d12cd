"""q(z|x) = p(z) = N(0, I) for every x: the naive bound E_p(z)[log p(x|z)] of Eq. 3."""

import keras
import tensorflow as tf

from tfgvae.inference.base import Inference
from tfgvae.types import BatchShape, Tensor


@keras.saving.register_keras_serializable("tfgvae.inference")
class Naive(Inference):
    """A q that does not depend on x, so that Eq. 7 with R = 0 is Eq. 3.

    This baseline must fail: z has no information about x, and the optimum maps every z to the one
    member of P that fits the data best.

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
    """

    matches_prior = True

    def call(self, x: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        shape = [tf.shape(x)[0], self.latent_dim]
        # Densities are float32 under any policy.
        return tf.zeros(shape), tf.ones(shape)

    def build(self, x_shape: BatchShape | None = None) -> None:
        self.built = True

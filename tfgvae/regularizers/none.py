"""R(q) = 0: the unregularised VAE (Section 4). Only the Gibbs chain samples it correctly."""

import keras
import tensorflow as tf

from tfgvae.regularizers.base import Regularizer
from tfgvae.types import Distribution, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class NoRegularizer(Regularizer):
    """No penalty: zeros [B] for every q."""

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        return tf.zeros(tf.shape(z)[:1], z.dtype)

"""R(q) = 0: the unregularised VAE (Section 4). Only the Gibbs chain samples it correctly."""

import keras
import tensorflow as tf

from tfgvae.regularizers.base import Regularizer


@keras.saving.register_keras_serializable("tfgvae")
class NoRegularizer(Regularizer):
    """No penalty: zeros [B], whatever q is."""

    def penalty(self, q, z, prior, seed):
        return tf.zeros(tf.shape(z)[:1], z.dtype)

"""p(x|z) = prod_i Bernoulli(x_i; sigmoid(logit_i)): binary images."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae.families.base import Family

tfd = tfp.distributions


@keras.saving.register_keras_serializable("tfgvae.families")
class Bernoulli(Family):
    """Independent Bernoulli pixels; the parameters are logits.

    On grey images `log_prob` is the usual cross-entropy, which is not the logarithm of a
    probability: binarise the data where likelihoods are compared.
    """

    levels = 2

    def params_shape(self, image_shape):
        return tuple(image_shape)

    def distribution(self, params):
        return tfd.Independent(tfd.Bernoulli(logits=params, dtype=tf.float32), 3)

    def sample(self, params, noise):
        return tf.cast(noise < tf.sigmoid(params), tf.float32)

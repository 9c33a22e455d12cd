"""p(x|z) = prod_i Bernoulli(x_i; sigmoid(logit_i)): binary images."""

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae.families.base import Family
from tfgvae.types import Distribution, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.families")
class Bernoulli(Family):
    """Independent Bernoulli pixels; the parameters are logits.

    On grey images `log_prob` is the usual cross-entropy, which is not the logarithm of a
    probability: binarise the data before you compare likelihoods.
    """

    levels = 2

    def params_shape(self, image_shape: Shape) -> Shape:
        return tuple(image_shape)

    def distribution(self, params: Tensor) -> Distribution:
        return tfd.Independent(tfd.Bernoulli(logits=params, dtype=tf.float32), 3)

    def sample(self, params: Tensor, noise: Tensor) -> Tensor:
        return tf.cast(noise < tf.sigmoid(params), tf.float32)

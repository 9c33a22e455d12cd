"""R(q) = E sum_d (mu_d^2 / 2 - log s_d), mu and s the mean and deviation of q(z|x)."""

import keras
import tensorflow as tf

from tfgvae.regularizers import batch
from tfgvae.regularizers.base import Regularizer


@keras.saving.register_keras_serializable("tfgvae")
class Center(Regularizer):
    """penalty = sum_d 0.5 mu_d^2 - log s_d per example, in nats.

    The divergence from N(0, I) without its (s^2 - 1) / 2, so nothing holds s from above: R has
    no lower bound unless the inference distribution bounds s. With the authors' s = sigmoid(.)
    < 1 it is >= 0 and falls to 0 as mu -> 0 and s -> 1. No regularizer in the sense of Eq. 7 in
    general. The authors' weight is 1, summed over the batch: 1 here too.

    Raises:
      NotImplementedError: q knows no mean or no standard deviation (from TFP).
    """

    def penalty(self, q, z, prior, seed):
        mean, deviation = batch.flatten(q.mean()), batch.flatten(q.stddev())
        return tf.reduce_sum(0.5 * mean**2 - tf.math.log(deviation), axis=1)

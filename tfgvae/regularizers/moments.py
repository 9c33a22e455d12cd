"""R(q) = sum_d |mean z_d| + |var z_d - 1|: the first two moments of q(z)."""

import keras
import tensorflow as tf

from tfgvae.regularizers import batch
from tfgvae.regularizers.base import Regularizer
from tfgvae.types import Distribution, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class Moments(Regularizer):
    """R = sum_d |E z_d| + |Var z_d - 1|, over the batch of all replicas; the prior is N(0, I).

    R = 0 iff every latent dimension of q(z) has mean 0 and variance 1. Other laws than N(0, I) have
    this too: R does not depend on correlations or higher moments. The variance is the unbiased one.
    On B rows of the prior itself the estimate is not 0 but about
    D (sqrt(2 / (pi B)) + 2 / sqrt(pi B)). R is a pure number; the weight turns it into nats.

    The authors take means over d and weight 1 with a loss summed over the batch of 100. This is
    weight 1 / (100 D) here, with almost no effect; the default is 1.

    Raises:
      ValueError: one row in the batch in training, since it has no variance. Elsewhere its penalty
        is 0.
    """

    batch_level = True
    needs_normal_prior = True
    least_rows = 2

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        x = batch.flatten(batch.gather(z))  # [N, D]
        count = tf.cast(tf.shape(x)[0], x.dtype)
        mean = tf.reduce_mean(x, axis=0)
        variance = tf.reduce_sum((x - mean) ** 2, axis=0) / (count - 1)
        return batch.spread(tf.reduce_sum(tf.abs(mean) + tf.abs(variance - 1)), z)

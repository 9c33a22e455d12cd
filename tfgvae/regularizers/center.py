"""R(q) = E sum_d (mu_d^2 / 2 - log s_d), mu and s the mean and deviation of q(z|x)."""

import keras
import tensorflow as tf

from tfgvae.regularizers import batch
from tfgvae.regularizers.base import Regularizer
from tfgvae.types import Distribution, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class Center(Regularizer):
    """penalty = sum_d 0.5 mu_d^2 - log s_d per example, in nats.

    This is the divergence from N(0, I) without the term (s^2 - 1) / 2, so R has no lower bound
    unless the inference distribution bounds s from above. With the authors' s = sigmoid(.) < 1,
    R >= 0, and R goes to 0 as mu -> 0 and s -> 1. In general it is not a regularizer in the sense
    of Eq. 7. The authors' weight is 1, summed over the batch: also 1 here.

    Raises:
      NotImplementedError: TFP has no mean or no standard deviation of q.
    """

    needs_normal_prior = True

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        mean, deviation = batch.flatten(q.mean()), batch.flatten(q.stddev())
        return tf.reduce_sum(0.5 * mean**2 - tf.math.log(deviation), axis=1)

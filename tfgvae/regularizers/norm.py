"""R(q) = E |z|^2 / 2: the authors' 2-norm."""

import keras
import tensorflow as tf

from tfgvae.regularizers import batch
from tfgvae.regularizers.base import Regularizer


@keras.saving.register_keras_serializable("tfgvae")
class Norm(Regularizer):
    """penalty = |z|^2 / 2 per example, in nats: -log N(z; 0, I) without its constant.

    R = 0 iff z = 0 always, not where q(z) = p(z): under the prior it is D / 2. It holds z near
    the origin and leaves q(z) narrower than N(0, I); it is no regularizer in the sense of Eq. 7.
    The authors' weight is 1, summed over the batch: 1 here too.
    """

    def penalty(self, q, z, prior, seed):
        return 0.5 * tf.reduce_sum(batch.flatten(z) ** 2, axis=1)

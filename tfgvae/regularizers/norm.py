"""R(q) = E |z|^2 / 2: the authors' 2-norm."""

import keras
import tensorflow as tf

from tfgvae.regularizers import batch
from tfgvae.regularizers.base import Regularizer
from tfgvae.types import Distribution, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class Norm(Regularizer):
    """penalty = |z|^2 / 2 per example, in nats: -log N(z; 0, I) without its constant.

    R = 0 iff z = 0 always; if q(z) = p(z), R = D / 2. It pulls z to the origin and makes q(z)
    narrower than N(0, I). It is not a regularizer in the sense of Eq. 7. The authors' weight is 1,
    summed over the batch: also 1 here.
    """

    needs_normal_prior = True

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        return 0.5 * tf.reduce_sum(batch.flatten(z) ** 2, axis=1)

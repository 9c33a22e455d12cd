"""Batch normalisation over the global batch; on one replica by one fused operation.

y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the moments of the global batch in
training and moving averages of them otherwise (Ioffe and Szegedy 2015).

Keras takes the synchronised moments from a chain of small operations, also on one replica. A deep
model has hundreds of them, and its graph is slow to build and slow to run.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import replicas
from tfgvae.types import Tensor


class BatchNormalization(keras.layers.BatchNormalization):
    """keras.layers.BatchNormalization with synchronised moments, channels last.

    On several replicas it is Keras's own.

    Args:
      momentum: of the moving averages.
    """

    def __init__(self, momentum: float = 0.9, **kwargs: Any) -> None:
        super().__init__(momentum=momentum, synchronized=True, **kwargs)

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        alone = replicas.context() is None
        if not (training and self.trainable and alone and mask is None and not self.renorm):
            return super().call(inputs, training=training, mask=mask)
        # Moments in half precision would overflow.
        x = tf.cast(inputs, tf.float32)
        shape = tf.shape(x)
        rows = x if x.shape.rank == 4 else tf.reshape(x, [-1, 1, 1, x.shape[-1]])
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            rows, self.gamma.value, self.beta.value, epsilon=self.epsilon, is_training=True
        )
        self._update(mean, variance, tf.size(rows) // x.shape[-1])
        return tf.cast(y if rows is x else tf.reshape(y, shape), self.compute_dtype)

    def _update(self, mean, variance, count):
        # The operation divides by n - 1 (Bessel); Keras's moving variance is that over n.
        count = tf.cast(count, tf.float32)
        variance *= (count - 1) / count
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))

"""Mean and variance of all rows that training has seen so far, exact.

The moments of two sets of rows of sizes m and n, D the difference of their means, together are
(Chan, Golub, LeVeque 1983)

    mean = mean_m + D n / (m + n)
    var  = (m var_m + n var_n) / (m + n) + D^2 m n / (m + n)^2
"""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks, replicas
from tfgvae.types import Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class RunningMoments(keras.layers.Layer):
    """The moments of all rows [B, *shape] given to `update` on all replicas.

    A row counts once for each time it is given. The weights are not trainable.

    Args:
      shape: shape of one row.
      mean, variance: values before the first row.
    """

    def __init__(
        self, shape: Shape, mean: float = 0.0, variance: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.shape = checks.integers("shape", shape, 1)
        self.initial_mean = checks.real("mean", mean)
        self.initial_variance = checks.real("variance", variance, 0)
        self.count = self._weight("count", (), 0, "int64")
        self.mean = self._weight("mean", self.shape, self.initial_mean)
        self.variance = self._weight("variance", self.shape, self.initial_variance)
        self.built = True

    def _weight(self, name, shape, value, dtype="float32"):
        return self.add_weight(
            shape=shape,
            initializer=keras.initializers.Constant(value),
            dtype=dtype,
            trainable=False,
            autocast=False,  # Statistics are float32 under any policy.
            # The new value is the same on every replica.
            aggregation="only_first_replica",
            name=name,
        )

    def update(self, x: Tensor) -> None:
        """Add the rows x [B, *shape], float32, of all replicas."""
        _, rows = replicas.place(tf.shape(x)[0])
        mean = replicas.mean(x)
        variance = replicas.mean(tf.square(x - mean))
        total = self.count + tf.cast(rows, tf.int64)
        # The share of the new rows in all: 1 at the first update, which drops the initial values.
        share = tf.cast(rows, tf.float32) / tf.cast(total, tf.float32)
        difference = mean - self.mean
        within = (1 - share) * self.variance + share * variance
        self.variance.assign(within + share * (1 - share) * tf.square(difference))
        self.mean.assign_add(share * difference)
        self.count.assign(total)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "shape": self.shape,
            "mean": self.initial_mean,
            "variance": self.initial_variance,
        }

"""R(q): the term that ties the aggregate posterior q(z) to the prior p(z) (Eq. 7)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.layers.loss_layer import LossLayer, current_weights
from tfgvae.registry import lookup
from tfgvae.regularizers import batch
from tfgvae.regularizers.schedules import SCHEDULES
from tfgvae.types import BatchShape, Distribution, Tensor


class Regularizer(LossLayer):
    """A loss layer: adds weight * schedule(step) * mean_b penalty[b], in nats per image.

    A subclass defines `penalty`. With `batch_level` True it is a function of the global batch,
    gathered over replicas: its mean over all rows does not depend on the number of replicas.

    An estimate may need `least_rows` > 1 rows over all replicas. In training a smaller batch is an
    error. Elsewhere a smaller batch, such as the last of a data set, has penalty 0.

    A subclass with its own arguments repeats `weight`, `schedule` and `schedule_steps` in its
    signature, because configurations are read from it.

    Args:
      weight: the weight on the penalty, >= 0.
      schedule: the factor over training: a name in SCHEDULES.
      schedule_steps: the schedule's time scale in steps, > 0.

    Raises:
      ValueError: a weight or a time scale out of range, an unknown schedule; in training, fewer
        rows than `least_rows`, if their number is known when the step is traced.
      tf.errors.InvalidArgumentError: fewer rows than that, when a training step runs.
    """

    # Constructor arguments that a user may not set.
    supplied: tuple[str, ...] = ()

    batch_level = False

    @property
    def takes_weights(self) -> bool:
        """Whether the penalty is a loss of each image alone, so that images may be weighted."""
        return not self.batch_level

    # Whether R = 0 iff q(z) = N(0, I), whatever the prior is.
    needs_normal_prior = False

    def check_prior(self, prior: str) -> None:
        """Check that R takes a prior other than N(0, I).

        Args:
          prior: what the prior is, for the error.

        Raises:
          ValueError: R compares q(z) with N(0, I).
        """
        if self.needs_normal_prior:
            raise ValueError(
                f"the regularizer {type(self).__name__} compares q(z) with N(0, I), not with the "
                f"prior {prior}: use kl, mmd, stein or adversarial"
            )

    def __init__(
        self,
        weight: float = 1.0,
        schedule: str = "constant",
        schedule_steps: float = 10000.0,
        **kwargs: Any,
    ) -> None:
        # Under a mixed precision policy Keras would cast z to float16, but not q.
        super().__init__(autocast=False, **kwargs)
        # A variable, so that a callback may change it between two steps without a new trace.
        self._weight = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(checks.real("weight", weight, 0)),
            dtype="float32",
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
            name="weight",
        )
        self.schedule = schedule
        self.schedule_steps = checks.real("schedule_steps", schedule_steps, above=0)
        self._factor = lookup(SCHEDULES, schedule, "schedule")

    @property
    def weight(self) -> float:
        """The weight on the penalty. It may be set at any time: training uses the new value."""
        return float(keras.ops.convert_to_numpy(self._weight))

    @weight.setter
    def weight(self, value: float) -> None:
        self._weight.assign(checks.real("weight", value, 0))

    @property
    def least_rows(self) -> int:
        """The least number of rows over all replicas that the estimate needs."""
        return 1

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        """The penalty [B] in nats per image.

        Args:
          q: q(z|x), a tfd.Distribution with batch [B] and event [Z] or [T, Z].
          z: [B, Z] or [B, T, Z], one draw from q with a pathwise gradient.
          prior: p(z), a tfd.Distribution with no batch and the same event.
          seed: int64 scalar for draws from the prior; the same on every replica.
        """
        raise NotImplementedError

    def terms(
        self,
        q: Distribution,
        z: Tensor,
        prior: Distribution,
        scale: Tensor,
        seed: Tensor,
        training: bool | None,
    ) -> tuple[Tensor, Tensor]:
        """The penalty [B] and the loss [B], whose value is scale * penalty.

        Args:
          scale: weight * schedule(step), a scalar.
          training: False when no gradient will be taken; None and True otherwise.
        """
        if training:
            z = batch.require_rows(z, self.least_rows, type(self).__name__)
        penalty = self.penalty(q, z, prior, seed)
        if not training:
            penalty = batch.zero_below(self.least_rows, penalty)
        return penalty, tf.cast(scale, penalty.dtype) * penalty

    def call(
        self,
        z: Tensor,
        q: Distribution,
        prior: Distribution,
        step: Tensor,
        seed: Tensor,
        training: bool | None = None,
    ) -> Tensor:
        """Add the loss for training step `step` (int64 scalar) and return the penalty [B].

        Keras takes only tensors by position: pass q and prior by name.
        """
        if current_weights() is not None and not self.takes_weights:
            raise ValueError(
                f"sample_weight: the regularizer {type(self).__name__} compares whole batches and "
                "has no loss of a single image that could be weighted"
            )
        scale = tf.convert_to_tensor(self._weight) * self._factor(
            tf.cast(step, tf.float32), self.schedule_steps
        )
        penalty, loss = self.terms(q, z, prior, scale, seed, training)
        self.add_batch_loss(loss)
        return penalty

    def build(self, z_shape: BatchShape | None = None) -> None:
        """Make the weights; `z_shape` is [B, Z] or [B, T, Z] with B None or a number."""
        self.built = True

    def load_own_variables(self, store: Any) -> None:
        """Files that were saved before the weight was a variable have it in their configuration."""
        if store.keys():
            super().load_own_variables(store)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "weight": self.weight,
            "schedule": self.schedule,
            "schedule_steps": self.schedule_steps,
        }

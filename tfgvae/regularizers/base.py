"""R(q): the term that ties the aggregate posterior q(z) to the prior p(z) (Eq. 7)."""

import tensorflow as tf

from tfgvae.layers.loss_layer import LossLayer
from tfgvae.registry import lookup
from tfgvae.regularizers.schedules import SCHEDULES


class Regularizer(LossLayer):
    """A loss layer: adds weight * schedule(step) * mean_b penalty[b], in nats per image.

    A subclass gives `penalty`. A regularizer that sees the whole batch (`batch_level` True: it
    gathers z over replicas) returns its one value for every row.

    Args:
      weight: the weight on the penalty, >= 0.
      schedule: the factor over training: a name in SCHEDULES.
      schedule_steps: the schedule's time scale in steps.
    """

    batch_level = False

    def __init__(
        self,
        weight: float = 1.0,
        schedule: str = "constant",
        schedule_steps: float = 10000.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if weight < 0:
            raise ValueError(f"weight must be >= 0, got {weight}")
        if schedule_steps <= 0:
            raise ValueError(f"schedule_steps must be > 0, got {schedule_steps}")
        self.weight = weight
        self.schedule = schedule
        self.schedule_steps = schedule_steps
        self._factor = lookup(SCHEDULES, schedule, "schedule")

    def penalty(self, q, z, prior, seed):
        """The penalty [B] in nats per image.

        Args:
          q: q(z|x), a tfd.Distribution with batch [B] and event [Z] or [T, Z].
          z: [B, Z] or [B, T, Z], one draw from q with a pathwise gradient.
          prior: p(z), a tfd.Distribution with no batch and the same event.
          seed: int64 scalar for draws from the prior; the same on every replica.
        """
        raise NotImplementedError

    def call(self, z, q, prior, step, seed):
        """Add the loss for training step `step` (int64 scalar) and return the penalty [B].

        Keras takes only tensors by position: pass q and prior by name.
        """
        penalty = self.penalty(q, z, prior, seed)
        factor = self._factor(tf.cast(step, tf.float32), self.schedule_steps)
        self.add_batch_loss(self.weight * factor * penalty)
        return penalty

    def build(self, input_shape=None):
        self.built = True

    def get_config(self):
        return {
            **super().get_config(),
            "weight": self.weight,
            "schedule": self.schedule,
            "schedule_steps": self.schedule_steps,
        }

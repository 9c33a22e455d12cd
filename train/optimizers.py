"""Optimizers and learning-rate schedules by name; gradient clipping for tf.distribute."""

import keras
import tensorflow as tf

from configs.check import check_numbers
from tfgvae.registry import lookup
from train.fused_adam import FusedAdam, FusedAdamW


class ClipReduced:
    """Clips the global norm of the gradient after it is summed over the replicas.

    Keras clips each replica's own gradient before the sum, so that two replicas and one would
    train differently.
    """

    def _clip_gradients(self, grads):
        return grads if self.global_clipnorm else super()._clip_gradients(grads)

    def _all_reduce_sum_gradients(self, grads_and_vars):
        reduced = super()._all_reduce_sum_gradients(grads_and_vars)
        if not self.global_clipnorm:
            return reduced
        grads, variables = zip(*reduced, strict=True)
        clipped, _ = tf.clip_by_global_norm(grads, self.global_clipnorm)
        return list(zip(clipped, variables, strict=True))


@keras.saving.register_keras_serializable("tfgvae")
class ClippedAdam(ClipReduced, FusedAdam):
    """Adam."""


@keras.saving.register_keras_serializable("tfgvae")
class ClippedAdamW(ClipReduced, FusedAdamW):
    """AdamW."""


@keras.saving.register_keras_serializable("tfgvae")
class ClippedSGD(ClipReduced, keras.optimizers.SGD):
    """SGD."""


@keras.saving.register_keras_serializable("tfgvae")
class ClippedRMSprop(ClipReduced, keras.optimizers.RMSprop):
    """RMSprop."""


# name -> (class without clipping, class with it).
OPTIMIZERS = {
    "adam": (FusedAdam, ClippedAdam),
    "adamw": (FusedAdamW, ClippedAdamW),
    "sgd": (keras.optimizers.SGD, ClippedSGD),
    "rmsprop": (keras.optimizers.RMSprop, ClippedRMSprop),
}


def _constant(train):
    if not train.warmup_steps:
        return train.learning_rate
    # Linear from 0; PolynomialDecay holds its end value.
    return keras.optimizers.schedules.PolynomialDecay(
        0.0, train.warmup_steps, end_learning_rate=train.learning_rate
    )


def _cosine(train):
    if train.warmup_steps >= train.steps:
        raise ValueError(f"warmup_steps must be < steps = {train.steps}, got {train.warmup_steps}")
    if not train.warmup_steps:
        return keras.optimizers.schedules.CosineDecay(train.learning_rate, train.steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        train.steps - train.warmup_steps,
        warmup_target=train.learning_rate,
        warmup_steps=train.warmup_steps,
    )


SCHEDULES = {"constant": _constant, "cosine": _cosine}


def make(train):
    """The optimizer of a `train` section, not built.

    Args:
      train: ConfigDict with optimizer, learning_rate, schedule, warmup_steps, steps, clip_norm
        (the global norm, None for no clipping), weight_decay (None for the class's default) and
        ema_momentum (for averages of the weights, None for no averages).

    Raises:
      ValueError: an unknown name or a value out of range.
    """
    plain, clipped = lookup(OPTIMIZERS, train.optimizer, "optimizer")
    check_numbers(train)
    if train.warmup_steps < 0:
        raise ValueError(f"warmup_steps must be >= 0, got {train.warmup_steps}")
    options = {"learning_rate": lookup(SCHEDULES, train.schedule, "schedule")(train)}
    if train.weight_decay is not None:
        options["weight_decay"] = train.weight_decay
    if train.ema_momentum is not None:
        options |= {"use_ema": True, "ema_momentum": train.ema_momentum}
    if train.clip_norm is None:
        return plain(**options)
    return clipped(global_clipnorm=train.clip_norm, **options)


def inner(optimizer):
    """The optimizer within a loss scaling, or the optimizer itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def steps_taken(optimizer):
    """The number of training steps, with those that a loss scaling skipped."""
    taken = int(optimizer.iterations.numpy())
    return taken + (
        int(optimizer.skipped_steps.numpy()) if optimizer is not inner(optimizer) else 0
    )


def learning_rate(train, step):
    """The learning rate of a `train` section at a step: a float."""
    made = lookup(SCHEDULES, train.schedule, "schedule")(train)
    return float(made(step)) if callable(made) else made

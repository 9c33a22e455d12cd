"""The factor on a regularizer over training: functions of (step, steps) with values in [0, 1]."""

import tensorflow as tf

from tfgvae.types import Tensor


def constant(step: Tensor, steps: float) -> Tensor:
    """1 at every step."""
    del steps
    return tf.ones_like(step)


def linear(step: Tensor, steps: float) -> Tensor:
    """min(1, step / steps): linear warm-up."""
    return tf.minimum(1.0, step / steps)


def exponential(step: Tensor, steps: float) -> Tensor:
    """1 - exp(-step / steps): the warm-up of the authors' sequential VAE (steps = 10000)."""
    return -tf.math.expm1(-step / steps)


SCHEDULES = {"constant": constant, "linear": linear, "exponential": exponential}

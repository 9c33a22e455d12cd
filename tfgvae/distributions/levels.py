"""Images on equally spaced levels in [0, 1]."""

import tensorflow as tf

from tfgvae import checks
from tfgvae.types import Tensor


def snap_to_levels(x: Tensor, levels: int) -> Tensor:
    """Round images in [0, 1] to the nearest of `levels` equally spaced values, 0 and 1 included."""
    top = levels - 1.0
    return tf.round(tf.clip_by_value(x, 0.0, 1.0) * top) / top


def check_levels(levels: int) -> int:
    """Return `levels`; ValueError unless it is an integer from 2 to 256."""
    return checks.integer("levels", levels, 2, 256)

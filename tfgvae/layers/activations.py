"""Activations that Keras does not have."""

import math

import tensorflow as tf

from tfgvae.types import Tensor


def leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU with slope 0.1, as in the authors' networks."""
    return tf.nn.leaky_relu(x, 0.1)


def softplus_one(x: Tensor) -> Tensor:
    """softplus(x + log(e - 1)): > 0, and 1 at x = 0."""
    return tf.nn.softplus(x + math.log(math.expm1(1.0)))

"""The types that public functions take and return.

Tensor     a tf.Tensor; its shape is in the docstring
Array      a tensor, or what becomes one: a numpy array, a nested list of numbers
Images     images [N, H, W, C]; {"image": images, "label": integers [N]}; or a tf.data.Dataset of
           either, in batches or one by one
Shape      (H, W, C) of an image, or the event shape of z
BatchShape (B, H, W, C) as a layer's `build` takes it: a size that is not known is None
Seed       an int, one int per row, or None for a fresh one
Spec       a component: an instance, a class, a name of its folder's table, or a dict
           {"name": ..., argument: value}
Progress   called as progress(done, total), or None
Model      a tfgvae.models.LatentVariableModel
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

Tensor: TypeAlias = tf.Tensor
Array: TypeAlias = tf.Tensor | np.ndarray | Sequence[Any]
Images: TypeAlias = Array | Mapping[str, Array] | tf.data.Dataset
Shape: TypeAlias = tuple[int, ...]
BatchShape: TypeAlias = tuple[Any, ...]
Seed: TypeAlias = int | Array | None
Spec: TypeAlias = Any | str | Mapping[str, Any]
Progress: TypeAlias = Callable[[int, int], None] | None
Distribution: TypeAlias = tfp.distributions.Distribution
# Samplers and estimators stand below the models and cannot import them: tests/test_arrows.py.
Model: TypeAlias = Any

"""A limit on the memory of the weights that are made, checked before it is allocated."""

import contextlib
import math
import os
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

# Training also needs a gradient and two moments of the optimizer, each as large as the weights.
COPIES = 4


def most_bytes() -> int:
    """The bytes of weights that this machine can train: its memory divided by COPIES."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // COPIES


@contextlib.contextmanager
def limited(most: int | None = None) -> Iterator[None]:
    """A context in which weights of more than `most` bytes in total cannot be made.

    Args:
      most: None for `most_bytes()`.

    Raises:
      ValueError: the weight that exceeds the limit would be made; it is not allocated.
    """
    limit = most_bytes() if most is None else most
    total, shapes = 0, tf.Graph()

    def create(next_creator: Any, **kwargs: Any) -> Any:
        nonlocal total
        total += _bytes(kwargs["initial_value"], shapes)
        if total > limit:
            raise ValueError(
                f"the model has more than {total / 2**30:.1f} GiB of weights; this machine can "
                f"train {limit / 2**30:.1f} GiB (its memory divided by {COPIES}): choose smaller "
                "layers"
            )
        return next_creator(**kwargs)

    with tf.variable_creator_scope(create):
        yield


def _bytes(initial_value, shapes):
    """The size of an initial value, or of the result of a function that makes one."""
    if not callable(initial_value):
        return 0  # It is in memory already.
    # Keras gives a function that refers to its variable.
    for cell in getattr(initial_value, "__closure__", None) or ():
        if isinstance(cell.cell_contents, keras.Variable):
            variable = cell.cell_contents
            return math.prod(variable.shape) * tf.as_dtype(variable.dtype).size
    with shapes.as_default():  # A graph allocates nothing.
        value = initial_value()
    return (value.shape.num_elements() or 0) * value.dtype.size

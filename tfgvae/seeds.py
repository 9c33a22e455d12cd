"""Seeds and noise: the only place where random numbers are made.

A seed is an int64 scalar; a batch of rows has a vector of them, one per row. `fold_in` derives new
seeds from old ones, for scalars and vectors alike. Noise comes in two forms:

* `uniform` and `normal` make each row from that row's own seed. A sample then does not depend on
  the batch it is drawn in. Samplers use this form.
* `batch_uniform` and `batch_normal` make one replica's rows of the noise of a global batch. Row i
  of the global batch gets the same noise on one replica and on many, so that a run does not depend
  on the number of replicas. Training uses this form.
"""

import contextlib
import math
import random
import secrets
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from tfgvae import checks, philox, replicas
from tfgvae.types import Array, Seed, Shape, Tensor

# The streams of a row's seed: fold_in(row, STREAM). In a chain, `row` is the seed of one step.
LATENT, IMAGE = 0, 1
START = -1  # the noise from which a Gibbs chain starts, if no image is given

# The streams of a model's seed.
TRAINING, EVALUATION, INITIALIZATION = 0, 1, 2

_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)
_MIX_1 = 0xBF58476D1CE4E5B9 - (1 << 64)
_MIX_2 = 0x94D049BB133111EB - (1 << 64)


def fresh() -> int:
    """A new seed from the operating system: an int in [0, 2^63)."""
    return secrets.randbits(63)


def check(seed: int | None) -> int:
    """The seed of a constructor as an int; None draws one from the operating system.

    Raises:
      ValueError: a bool, a float, or a number that is not an int64.
    """
    return fresh() if seed is None else checks.integer("seed", seed, -(2**63), 2**63 - 1)


def _as_int64(seed):
    """Integers of any type as an int64 tensor; ValueError for other values or out of range."""
    if not tf.is_tensor(seed):
        values = np.asarray(seed)
        # Integers too large for numpy's types make an array of objects.
        if values.dtype.kind not in "iu" or (values.size and values.max() > tf.int64.max):
            raise ValueError(f"seeds must be integers from -2^63 to 2^63 - 1, got {seed!r}")
        return tf.constant(values.astype(np.int64))
    if not seed.dtype.is_integer:
        raise ValueError(f"seeds must be integers, got a tensor of {seed.dtype.name}")
    return tf.cast(seed, tf.int64)


def _shift_right(x, bits):
    # Shifts of int64 copy the sign bit; the mask makes the shift a logical one.
    return tf.bitwise.bitwise_and(tf.bitwise.right_shift(x, bits), (1 << (64 - bits)) - 1)


def _mix(x):
    """The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit words."""
    x = tf.bitwise.bitwise_xor(x, _shift_right(x, 30)) * _MIX_1
    x = tf.bitwise.bitwise_xor(x, _shift_right(x, 27)) * _MIX_2
    return tf.bitwise.bitwise_xor(x, _shift_right(x, 31))


def fold_in(seed: int | Tensor, *data: int | Tensor) -> Tensor:
    """Derive a seed from `seed` and integers: fold_in(s, a, b) = fold_in(fold_in(s, a), b).

    For fixed data the map is a bijection of seeds, so distinct rows stay distinct.

    >>> bool(fold_in(7, 1, 2) == fold_in(fold_in(7, 1), 2))
    True

    Args:
      seed: int64 tensor of any shape, or an int.
      *data: integers or integer tensors that broadcast against `seed`.

    Returns:
      int64 tensor.
    """
    seed = tf.convert_to_tensor(seed, tf.int64)
    for item in data:
        seed = _mix(seed + _GOLDEN * (tf.cast(item, tf.int64) + 1))
    return seed


def split(seed: int | Tensor, num: int) -> list[Tensor]:
    """`num` seeds from one, as a list."""
    return [fold_in(seed, i) for i in range(num)]


def rows(seed: Seed, num_rows: int | Tensor) -> Tensor:
    """Seeds for rows: [num_rows] int64; row i is fold_in(seed, i), for any number of rows.

    A vector is returned as it is, so that callers may give each row its own seed.

    >>> bool(rows(7, 3)[2] == rows(7, 100)[2])
    True
    >>> rows([5, 6], 2).numpy().tolist()
    [5, 6]

    Args:
      seed: an integer, or a vector of them; Python's, numpy's or a tensor. None draws a fresh one.
      num_rows: an int, or an int32 scalar.

    Raises:
      ValueError: values that are not integers, a vector whose static length is not `num_rows`, or
        None inside a graph: one draw would serve all calls.
    """
    if seed is None and not tf.executing_eagerly():
        raise ValueError("pass a seed inside a tf.function: None would be drawn only once")
    given = _as_int64(fresh() if seed is None else seed)
    if given.shape.rank == 0:
        return fold_in(given, tf.range(num_rows, dtype=tf.int64))
    if given.shape.rank != 1:
        raise ValueError(f"seed must be a scalar or one seed per row, got shape {given.shape}")
    known = given.shape[0], tf.get_static_value(tf.convert_to_tensor(num_rows))
    if None not in known and known[0] != known[1]:
        raise ValueError(f"expected {known[1]} row seeds, got {known[0]}")
    return given


def stateless(seed: int | Tensor) -> Tensor:
    """The int32 [2] form of an int64 scalar that tf.random.stateless_* and TFP take."""
    return tf.bitcast(tf.convert_to_tensor(seed, tf.int64), tf.int32)


def _per_row(draw, row_seeds, shape):
    return tf.map_fn(
        lambda seed: draw(seed, shape),
        tf.convert_to_tensor(row_seeds, tf.int64),
        fn_output_signature=tf.TensorSpec(shape, tf.float32),
    )


def uniform(row_seeds: Array, shape: Shape) -> Tensor:
    """Uniform noise in [0, 1): [N, *shape], row n from row_seeds[n] alone."""
    return _per_row(philox.draw_uniform, row_seeds, shape)


def normal(row_seeds: Array, shape: Shape) -> Tensor:
    """Standard normal noise: [N, *shape], row n from row_seeds[n] alone."""
    return _per_row(philox.draw_normal, row_seeds, shape)


def short_normal(row_seeds: Array, shape: Shape) -> Tensor:
    """`normal` for many short rows, several times as fast, up to float rounding: [N, *shape]."""
    return philox.normal(tf.convert_to_tensor(row_seeds, tf.int64), shape)


def _batch_rows(draw, seed, batch_size, shape):
    start, _ = replicas.place(batch_size)
    # Only these rows are drawn, not those of the other replicas and parts.
    return draw(seed, tf.concat([[batch_size], list(shape)], axis=0), start * math.prod(shape))


def batch_uniform(seed: int | Tensor, batch_size: int | Tensor, shape: Sequence[int]) -> Tensor:
    """Uniform noise in [0, 1) for this replica's rows of the global batch: [B, *shape]."""
    return _batch_rows(philox.draw_uniform, seed, batch_size, shape)


def batch_normal(seed: int | Tensor, batch_size: int | Tensor, shape: Sequence[int]) -> Tensor:
    """Standard normal noise for this replica's rows of the global batch: [B, *shape]."""
    return _batch_rows(philox.draw_normal, seed, batch_size, shape)


@contextlib.contextmanager
def initialization(seed: int) -> Iterator[None]:
    """Make the initial weights of layers built in this context a function of `seed`.

    Keras initializers without a seed draw one from Python's `random`; its state is set here
    and restored afterwards.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)

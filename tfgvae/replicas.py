"""This replica's rows in the global batch. With one replica, nothing here adds to a graph.

A training step may cut a replica's rows into parts, and may take its gradient in a graph that has
no cross-replica operation. `part_of_batch` says which rows are at hand.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import NamedTuple

import tensorflow as tf

from tfgvae.types import Tensor


class Part(NamedTuple):
    """Rows of a training batch: the first one's index, the rows of the global batch, all of it?"""

    start: int | Tensor
    total: int | Tensor
    whole: bool


_current = threading.local()


def part() -> Part | None:
    """The rows of the innermost `part_of_batch`, or None."""
    return getattr(_current, "part", None)


@contextlib.contextmanager
def part_of_batch(start: int | Tensor, total: int | Tensor, whole: bool) -> Iterator[None]:
    """Within it the rows at hand are `start`, start + 1, ... of `total`, in this thread.

    Args:
      start, total: int32 scalars, as `place` returns them.
      whole: whether they are the whole global batch.
    """
    before = part()
    _current.part = Part(start, total, whole)
    try:
        yield
    finally:
        _current.part = before


def check_whole(what: str) -> None:
    """Check that the rows at hand are all rows that this replica has of the batch.

    Raises:
      ValueError: they are a part of the batch; the message begins with `what`.
    """
    at_hand = part()
    if at_hand is not None and not at_hand.whole:
        raise ValueError(
            f"{what} needs the whole batch, and the training step takes gradients of parts of it "
            "(model.accumulate, or model.jit with several replicas)"
        )


def context() -> tf.distribute.ReplicaContext | None:
    """The replica context if there are several replicas in sync, else None."""
    found = tf.distribute.get_replica_context()
    if found is None or found.num_replicas_in_sync == 1:
        return None
    return found


def place(batch_size: int | Tensor) -> tuple[int | Tensor, int | Tensor]:
    """(first row, number of rows) of the rows at hand in the global batch: int32 scalars.

    Parts may differ in size: the last batch of a data set rarely divides evenly, and a replica
    may get no rows. With several replicas this is a cross-replica operation.

    Args:
      batch_size: the number of rows on this replica.

    Returns:
      The index of the replica's first row, and the number of rows over all replicas.
    """
    at_hand = part()
    if at_hand is not None:
        return at_hand.start, at_hand.total
    here = context()
    if here is None:
        return 0, batch_size
    index = tf.cast(here.replica_id_in_sync_group, tf.int32)
    # A sum of one-hot vectors. Every all-reduce takes float32, which is exact up to 2^24 rows.
    own = tf.one_hot(index, here.num_replicas_in_sync) * tf.cast(batch_size, tf.float32)
    sizes = tf.cast(here.all_reduce(tf.distribute.ReduceOp.SUM, own), tf.int32)  # [replicas]
    return tf.reduce_sum(sizes[:index]), tf.reduce_sum(sizes)


def rows_of(rows: Tensor, start: int | Tensor, batch_size: int | Tensor) -> Tensor:
    """The rows at hand, from `place`, of a global batch [N, ...]: [B, ...]."""
    at_hand = part()
    everything = context() is None if at_hand is None else at_hand.whole
    return rows if everything else rows[start : start + batch_size]


def mean(x: Tensor) -> Tensor:
    """The mean over the rows of all replicas, as a constant: [B, ...] -> [...]."""
    check_whole("a mean over the rows of all replicas")
    here = context()
    if here is None:
        return tf.stop_gradient(tf.reduce_mean(x, axis=0))
    total = tf.stop_gradient(tf.reduce_sum(x, axis=0))
    count = tf.cast(tf.shape(x)[0], x.dtype)
    # Sums, not means: the parts of the replicas may differ in size.
    total, count = here.all_reduce(tf.distribute.ReduceOp.SUM, [total, count])
    return total / count

"""This replica's rows in the global batch. With one replica, nothing here adds to a graph."""

import tensorflow as tf

from tfgvae.types import Tensor


def context() -> tf.distribute.ReplicaContext | None:
    """The replica context if there are several replicas in sync, else None."""
    found = tf.distribute.get_replica_context()
    if found is None or found.num_replicas_in_sync == 1:
        return None
    return found


def place(batch_size: int | Tensor) -> tuple[int | Tensor, int | Tensor]:
    """(first row, number of rows) of this replica's part of the global batch: int32 scalars.

    Parts may differ in size: the last batch of a data set rarely divides evenly, and a replica
    may get no rows. With several replicas this is a cross-replica operation.

    Args:
      batch_size: the number of rows on this replica.

    Returns:
      The index of the replica's first row, and the number of rows over all replicas.
    """
    here = context()
    if here is None:
        return 0, batch_size
    index = tf.cast(here.replica_id_in_sync_group, tf.int32)
    # A sum of one-hot vectors. Every all-reduce takes float32, which is exact up to 2^24 rows.
    own = tf.one_hot(index, here.num_replicas_in_sync) * tf.cast(batch_size, tf.float32)
    sizes = tf.cast(here.all_reduce(tf.distribute.ReduceOp.SUM, own), tf.int32)  # [replicas]
    return tf.reduce_sum(sizes[:index]), tf.reduce_sum(sizes)


def part(rows: Tensor, start: int | Tensor, batch_size: int | Tensor) -> Tensor:
    """This replica's rows of a global batch [N, ...]: [B, ...]."""
    return rows if context() is None else rows[start : start + batch_size]


def mean(x: Tensor) -> Tensor:
    """The mean over the rows of all replicas, as a constant: [B, ...] -> [...]."""
    here = context()
    if here is None:
        return tf.stop_gradient(tf.reduce_mean(x, axis=0))
    total = tf.stop_gradient(tf.reduce_sum(x, axis=0))
    count = tf.cast(tf.shape(x)[0], x.dtype)
    # Sums, not means: the parts of the replicas may differ in size.
    total, count = here.all_reduce(tf.distribute.ReduceOp.SUM, [total, count])
    return total / count

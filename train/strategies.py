"""tf.distribute strategies by name."""

import tensorflow as tf

from tfgvae.registry import lookup


def _one():
    return tf.distribute.get_strategy()


def _mirrored():
    # Collectives of two MirroredStrategy objects in one process abort: keep one object.
    if not hasattr(_mirrored, "strategy"):
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        _mirrored.strategy = tf.distribute.MirroredStrategy([d.name for d in devices])
    return _mirrored.strategy


def _auto():
    several = len(tf.config.list_logical_devices("GPU")) > 1
    return _mirrored() if several else _one()


STRATEGIES = {"auto": _auto, "one": _one, "mirrored": _mirrored}


def make(name):
    """The strategy of that name: "one" device, "mirrored" over all GPUs, or "auto".

    "auto" is mirrored when there is more than one GPU. Without GPUs, mirrored takes the logical
    CPU devices.

    Raises:
      ValueError: an unknown name.
    """
    return lookup(STRATEGIES, name, "strategy")()


def check_batch_size(strategy, batch_size, accumulate=1):
    """Raise ValueError unless the batch divides evenly over the replicas, and then into parts."""
    replicas = strategy.num_replicas_in_sync
    if batch_size < 1 or batch_size % (replicas * accumulate):
        parts = f" times {accumulate} parts" if accumulate > 1 else ""
        raise ValueError(
            f"batch_size must be a positive multiple of the {replicas} replicas{parts}, got "
            f"{batch_size}"
        )


def evaluation_batch_size(num_examples, batch_size, replicas):
    """A batch size near `batch_size` that leaves no replica empty and no batch with a single row.

    A batch is cut into equal parts of batch_size / replicas rows. The last batch is smaller and
    fills the parts in order; the mean over an empty part is NaN. Moments and distances between
    samples (mmd, stein, moments) need more than one row.

    Returns:
      The largest such size <= `batch_size`, else the smallest up to twice as large (or 16),
      else None.
    """

    def suits(size):
        rest = num_examples % size or size
        rows = min(2, num_examples)
        return size % replicas == 0 and rest > size - size // replicas and rest >= rows

    largest = min(batch_size, num_examples)
    beyond = min(max(2 * largest, 16), num_examples)
    sizes = (*range(largest, 0, -1), *range(largest + 1, beyond + 1))
    return next((size for size in sizes if suits(size)), None)

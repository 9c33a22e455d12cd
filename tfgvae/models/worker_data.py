"""The rows of a replica when several workers train: global batches, divided in order.

Replica r of R gets the rows r B / R .. (r + 1) B / R - 1 of a batch of B rows, rounded down.
TensorFlow's own division gives rows first to the first replica of every worker, then to the second
ones. Row i of the batch would then get the noise of another row (tfgvae.replicas).
"""

from typing import Any

import tensorflow as tf


def several(strategy: tf.distribute.Strategy) -> bool:
    """Whether the replicas of a strategy belong to several processes."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return False
    # `worker_devices` are those of this process.
    return strategy.num_replicas_in_sync > len(strategy.extended.worker_devices)


def check_equal(strategy: tf.distribute.Strategy, name: str, value: int) -> None:
    """Check that a number of a model is the same on all workers. All of them must call it.

    Raises:
      ValueError: it is not, on every worker.
    """

    @tf.function
    def gathered():
        own = strategy.run(lambda: tf.constant([value], tf.int64))
        return strategy.gather(own, axis=0)

    found = sorted(set(gathered().numpy().tolist()))
    if len(found) > 1:
        raise ValueError(
            f"the model has another {name} on each worker: {found}; give all the same {name}"
        )


def divided(strategy: tf.distribute.Strategy, dataset: tf.data.Dataset) -> Any:
    """The rows of this process: a distributed data set.

    Args:
      strategy: one with several workers.
      dataset: global batches, the same on all workers.
    """

    def of_worker(context):
        total = context.num_replicas_in_sync
        local = total // context.num_input_pipelines
        first = context.input_pipeline_id * local

        def part(batch, index):
            rows = tf.shape(tf.nest.flatten(batch)[0])[0]
            start, stop = (first + index) * rows // total, (first + index + 1) * rows // total
            return tf.nest.map_structure(lambda t: t[start:stop], batch)

        def parts(*elements):
            batch = elements if len(elements) > 1 else elements[0]
            return tf.data.Dataset.range(local, output_type=tf.int32).map(lambda i: part(batch, i))

        return dataset.flat_map(parts).prefetch(tf.data.AUTOTUNE)

    distributed = strategy.distribute_datasets_from_function(of_worker)
    return counted(distributed, dataset.cardinality().numpy())


def counted(distributed: Any, steps: int) -> Any:
    """A distributed data set that says how many steps it has, as a tf.data.Dataset does.

    TensorFlow counts the elements of this worker, one for each of its replicas, or does not know
    them. Keras would take that for the number of steps.
    """
    distributed._cardinality = steps
    return distributed


def of_arrays(x: Any, weight: Any, batch_size: int, seed: int | None) -> tf.data.Dataset:
    """Arrays as global batches, in an order that is the same on all workers.

    Args:
      x: images, or a dict with them.
      weight: weights [N] or None.
      batch_size: rows of all replicas.
      seed: of the order, a new one in each epoch; None keeps that of the arrays.
    """
    if weight is not None:
        x = {**(x if isinstance(x, dict) else {"image": x}), "weight": weight}
    dataset = tf.data.Dataset.from_tensor_slices(x)
    if seed is not None:
        dataset = dataset.shuffle(len(dataset), seed=seed)
    return dataset.batch(batch_size)


def prepared(
    strategy: tf.distribute.Strategy,
    x: Any,
    weight: Any = None,
    batch_size: int | None = None,
    seed: int | None = None,
) -> Any:
    """What Keras's `fit`, `evaluate` or `predict` takes, divided over the workers.

    Raises:
      ValueError: a generator or a PyDataset, which may differ between workers; a weight beside a
        data set, which has its own.
    """
    batches = (tf.distribute.DistributedDataset, tf.data.Dataset)
    if weight is not None and isinstance(x, batches):
        raise ValueError(
            "sample_weight belongs to arrays; give it in a data set as the key 'weight' or as the "
            "third part of its elements"
        )
    if isinstance(x, tf.distribute.DistributedDataset):
        return x
    if not isinstance(x, tf.data.Dataset):
        if not all(hasattr(part, "shape") for part in tf.nest.flatten(x)):
            raise ValueError(
                "with several workers, data must be a tf.data.Dataset or arrays, the same on all "
                f"workers, got {type(x).__name__}"
            )
        x = of_arrays(x, weight, batch_size or 32, seed)
    return divided(strategy, x)

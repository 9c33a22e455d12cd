"""`fit`, `evaluate` and `predict` on several workers, which Keras 3 lacks.

Under tf.distribute.MultiWorkerMirroredStrategy Keras's `fit` fails twice (tried with Keras 3.15.1
and TensorFlow 2.21). To build the model, it converts a batch that is not a single tensor of one
replica. Then it reduces each log of a step over its first axis, and logs are scalars: "Invalid
reduction dimension 0" (keras-team/keras#20585). Here the model is built from one replica's rows.
The logs of a step are one vector, and one all-reduce takes its mean over the replicas.

On one worker every method is Keras's own. tests/train/workers/test_equal.py fails when a later
Keras can do without this file.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgvae.models.worker_data import check_equal, prepared, several


class WorkerMethods(keras.Model):
    """The methods of keras.Model that differ when a model's strategy has several workers."""

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, **kwargs: Any
    ) -> keras.callbacks.History:
        """Keras's `fit`. With several workers the data must be the same on all of them.

        Raises:
          ValueError: several workers, and a generator, `validation_split`, weights beside a data
            set, or models of different seeds.
        """
        strategy = self.distribute_strategy
        if several(strategy):
            check_equal(strategy, "seed", self.seed)
            if kwargs.pop("validation_split", 0):
                raise ValueError("validation_split works on one worker only: give validation_data")
            seed = self.seed % 2**63 if kwargs.get("shuffle", True) else None
            kwargs["shuffle"] = False  # It is done here.
            x = prepared(strategy, x, kwargs.pop("sample_weight", None), batch_size, seed)
            held_out = kwargs.get("validation_data")
            if held_out is not None:
                size = kwargs.pop("validation_batch_size", None) or batch_size
                images, _, weight = keras.utils.unpack_x_y_sample_weight(held_out)
                kwargs["validation_data"] = prepared(strategy, images, weight, size)
            y = batch_size = None
        return super().fit(x, y, batch_size, **kwargs)

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, **kwargs: Any
    ) -> Any:
        """Keras's `evaluate`. With several workers the data must be the same on all of them."""
        if several(self.distribute_strategy):
            weight = kwargs.pop("sample_weight", None)
            x = prepared(self.distribute_strategy, x, weight, batch_size)
            y = batch_size = None
        return super().evaluate(x, y, batch_size, **kwargs)

    def predict(self, x: Any, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Keras's `predict`: the rows of all workers, in order, on each of them."""
        if several(self.distribute_strategy):
            x = prepared(self.distribute_strategy, x, None, batch_size)
            batch_size = None
        return super().predict(x, batch_size, **kwargs)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Keras's hook, which fails on several workers for batches that are dicts."""
        if several(self.distribute_strategy) and iterator is not None:
            for _, _, batches in iterator:
                data_batch, iterator = self._first_rows(next(batches)), None
                break
        super()._maybe_symbolic_build(iterator, data_batch)

    def _first_rows(self, batch: Any) -> Any:
        """The rows of this worker's first replica."""
        rows = self.distribute_strategy.experimental_local_results
        return tf.nest.map_structure(lambda x: rows(x)[0], batch)

    def make_train_function(self, force: bool = False) -> Any:
        """Keras's hook: sets `train_function`."""
        return self._made("train", force, lambda: _logging(self, self.train_step))

    def make_test_function(self, force: bool = False) -> Any:
        """Keras's hook: sets `test_function`."""
        return self._made("test", force, lambda: _logging(self, self.test_step))

    def make_predict_function(self, force: bool = False) -> Any:
        """Keras's hook: sets `predict_function`."""
        return self._made("predict", force, lambda: _gathering(self))

    def _made(self, kind: str, force: bool, make: Callable[[], Any]) -> Any:
        """The function of a kind: Keras's own on one worker, else that of `make`, once."""
        if not several(self.distribute_strategy):
            return getattr(super(), f"make_{kind}_function")(force)
        name = f"{kind}_function"
        if getattr(self, name) is None or force:
            setattr(self, name, make())
        return getattr(self, name)


def _graph(model, function):
    """A function as a graph, unless the model runs eagerly."""
    if model.run_eagerly:
        return function
    return tf.function(function, reduce_retracing=True, autograph=False)


def _logging(model, step):
    """A step as Keras calls it: an iterator -> {name: mean over the replicas}."""
    strategy = model.distribute_strategy
    names: list[str] = []

    def logs_of(data):
        logs = step(data)
        names[:] = logs  # When it is traced.
        return tf.stack([tf.cast(value, tf.float32) for value in logs.values()])

    def one_step(data):
        vectors = strategy.run(logs_of, args=(data,))
        return strategy.reduce(tf.distribute.ReduceOp.MEAN, vectors, axis=None)

    on_batch = _graph(model, one_step)
    on_iterator = _graph(model, lambda iterator: one_step(next(iterator)))

    def function(iterator):
        distributed = isinstance(iterator, tf.distribute.DistributedIterator)
        vector = None
        for _ in range(model.steps_per_execution):
            try:
                vector = on_iterator(iterator) if distributed else on_batch(next(iterator))
            except (StopIteration, tf.errors.OutOfRangeError):
                if vector is None:
                    raise
        return dict(zip(names, tf.unstack(vector), strict=True))

    return function


def _gathering(model):
    """`predict_step` as Keras calls it: a list of batches -> their rows on all replicas."""
    strategy = model.distribute_strategy

    def one_step(data):
        rows = strategy.run(model.predict_step, args=(data,))
        return tf.nest.map_structure(lambda x: strategy.gather(x, axis=0), rows)

    on_batch = _graph(model, one_step)

    def function(batches):
        parts = [on_batch(batch) for batch in batches]
        return tf.nest.map_structure(lambda *rows: tf.concat(rows, axis=0), *parts)

    return function

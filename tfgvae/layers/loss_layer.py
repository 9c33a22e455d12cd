"""Layers that add a loss, safe under tf.distribute."""

import contextlib
import threading
from collections.abc import Iterator

import keras
import tensorflow as tf

from tfgvae import replicas
from tfgvae.types import Tensor

_current = threading.local()


@contextlib.contextmanager
def sample_weights(weights: Tensor | None) -> Iterator[None]:
    """Weight every batch loss that is added within: `weights` [B], None for no weights.

    The weights are those of one thread: MirroredStrategy traces each replica in its own.
    """
    before = current_weights()
    _current.weights = weights
    try:
        yield
    finally:
        _current.weights = before


def current_weights() -> Tensor | None:
    """The weights [B] of the innermost `sample_weights`, or None."""
    return getattr(_current, "weights", None)


class LossLayer(keras.layers.Layer):
    """A layer with one list of losses for each thread.

    MirroredStrategy traces each replica in its own thread, but Keras keeps `Layer._losses` as one
    Python list. A cross-replica operation in the forward pass (synchronised batch normalisation, an
    all-gather) lets the threads interleave. Terms of one replica are then lost or counted on
    another, without an error. One list for each thread prevents this.
    """

    @property
    def _losses(self):
        store = self.__dict__.setdefault("_losses_by_thread", threading.local())
        if not hasattr(store, "losses"):
            store.losses = []
        return store.losses

    @_losses.setter
    def _losses(self, value):
        store = self.__dict__.setdefault("_losses_by_thread", threading.local())
        store.losses = list(value)

    def add_batch_loss(self, per_example: Tensor) -> None:
        """Add mean_b w[b] per_example[b] to the losses: the one place that reduces over the batch.

        w is 1, or the weights of `sample_weights`. As in Keras the mean is over the number of
        rows, not over the sum of the weights.
        """
        weights = current_weights()
        if weights is not None:
            per_example = per_example * tf.cast(weights, per_example.dtype)
        if replicas.context() is None:
            self.add_loss(tf.reduce_mean(per_example))
        else:
            # In a last batch this replica may have no rows: its mean is 0, not NaN.
            count = tf.cast(tf.size(per_example), per_example.dtype)
            self.add_loss(tf.math.divide_no_nan(tf.reduce_sum(per_example), count))

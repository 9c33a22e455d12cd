"""Layers that add a loss, safe under tf.distribute."""

import threading

import keras
import tensorflow as tf

from tfgvae import replicas
from tfgvae.types import Tensor


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
        """Add mean_b per_example[b] to the losses: the one place that reduces over the batch."""
        if replicas.context() is None:
            self.add_loss(tf.reduce_mean(per_example))
        else:
            # In a last batch this replica may have no rows: its mean is 0, not NaN.
            count = tf.cast(tf.size(per_example), per_example.dtype)
            self.add_loss(tf.math.divide_no_nan(tf.reduce_sum(per_example), count))

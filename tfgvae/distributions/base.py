"""The base class of our distributions: what tfd.Distribution requires.

TFP has no distribution for a chain of latents, for rounded logistics, or for pixels drawn one after
another. This folder has them, each in its own file.
"""

from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae.types import Shape, Tensor


class Distribution(tfd.Distribution):
    """A float32 distribution whose batch is that of one tensor.

    Args:
      parameters: `dict(locals())` of the subclass's constructor, which TFP requires.
      event_shape: the shape of one draw.
      batch_of: a tensor whose first `batch_rank` axes are the batch; None for no batch.
      batch_rank: how many axes; None for all of them.
      reparameterized: whether draws have a pathwise gradient.
    """

    def __init__(
        self,
        parameters: dict[str, Any],
        event_shape: Shape,
        batch_of: Tensor | None = None,
        batch_rank: int | None = 1,
        reparameterized: bool = False,
    ) -> None:
        self._own_event_shape = tuple(event_shape)
        self._batch_of, self._batch_rank = batch_of, batch_rank
        kind = tfd.FULLY_REPARAMETERIZED if reparameterized else tfd.NOT_REPARAMETERIZED
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=kind,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=parameters["name"],
        )

    def _batch_shape(self):
        if self._batch_of is None:
            return tf.TensorShape([])
        return self._batch_of.shape[: self._batch_rank]

    def _batch_shape_tensor(self, **kwargs):
        if self._batch_of is None:
            return tf.constant([], tf.int32)
        return tf.shape(self._batch_of)[: self._batch_rank]

    def _event_shape(self):
        return tf.TensorShape(self._own_event_shape)

    def _event_shape_tensor(self, **kwargs):
        return tf.constant(self._own_event_shape, tf.int32)

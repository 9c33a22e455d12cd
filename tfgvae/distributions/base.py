"""What our distributions share: the preamble that tfd.Distribution asks for.

TFP has no distribution for a chain of latents, for rounded logistics, or for pixels drawn one after
another. Ours are written once here, each in a file of its own.
"""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


class Distribution(tfd.Distribution):
    """A float32 distribution whose batch is that of one tensor.

    Args:
      parameters: `dict(locals())` of the subclass's constructor, which TFP wants to see.
      event_shape: the shape of one draw.
      batch_of: a tensor whose first `batch_rank` axes are the batch; None for no batch.
      batch_rank: how many axes; None for all of them.
      reparameterized: whether draws have a pathwise gradient.
    """

    def __init__(self, parameters, event_shape, batch_of=None, batch_rank=1, reparameterized=False):
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

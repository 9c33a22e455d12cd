"""P_c(x) = prod_i p(x_i | x_<i, c) as a distribution: pixels drawn one after another."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae import philox
from tfgvae.distributions.base import Distribution
from tfgvae.types import Tensor


class AutoregressiveDistribution(Distribution):
    """P_c as a distribution: batch [B], event [H, W, C].

    Args:
      family: an Autoregressive, built.
      params: the condition c, [B, h, w, K].
    """

    def __init__(self, family: Any, params: Tensor, name: str = "Autoregressive") -> None:
        parameters = dict(locals())
        self._family, self._params = family, params
        super().__init__(parameters, family.image_shape, batch_of=params)

    def _log_prob(self, x):
        shape = tf.broadcast_dynamic_shape(tf.shape(x), self._batch_and_event())
        x = tf.broadcast_to(x, shape)
        copies = tf.reduce_prod(shape[:-4])
        flat = tf.reshape(x, tf.concat([[-1], shape[-3:]], axis=0))
        params = tf.tile(self._params, [copies, 1, 1, 1])
        return tf.reshape(self._family.log_prob(flat, params), shape[:-3])

    def _sample_n(self, n, seed=None):
        params = tf.tile(self._params, [n, 1, 1, 1])
        noise_shape = self._family.noise_shape(self._family.image_shape)
        shape = tf.concat([tf.shape(params)[:1], noise_shape], axis=0)
        noise = philox.draw_uniform(tfp.random.sanitize_seed(seed), shape)
        x = self._family.sample(params, noise)
        return tf.reshape(x, tf.concat([[n], self._batch_and_event()], axis=0))

    def _batch_and_event(self):
        return tf.concat([self._batch_shape_tensor(), self._event_shape_tensor()], axis=0)

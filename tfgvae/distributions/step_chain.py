"""q(z|x) = prod_t N(z_t; m_t, s_t^2), where m_t and s_t are functions of x and z(<t).

Without x it is the prior p(z) = prod_t p(z_t | z(<t)).
"""

from typing import Protocol

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfgvae import philox
from tfgvae.distributions.base import Distribution
from tfgvae.types import Shape, Tensor

# The most numbers of the images [L B, H, W, C] that are walked at a time, outside of a graph.
LARGEST = 1 << 21


class Walk(Protocol):
    """Walks the chain once: along given latents, or along draws made from noise."""

    def __call__(
        self, given: Tensor, draw: bool, x: Tensor | None
    ) -> tuple[Tensor, tfd.Distribution]:
        """z [N, T, Z], and the Gaussians of all steps given z(<t): Independent, batch [N].

        Args:
          given: [N, T, Z]: standard normal noise if `draw`, else z.
          draw: whether z is drawn.
          x: images [N, H, W, C] of the posterior; None for the prior.
        """


class StepChain(Distribution):
    """A chain of Gaussians over z [T, Z], each of which may depend on all earlier latents.

    Args:
      walk: the chain, a Walk.
      event_shape: (T, Z).
      x: images [B, H, W, C] for a posterior with batch [B]; None for a prior without batch.
    """

    def __init__(
        self, walk: Walk, event_shape: Shape, x: Tensor | None = None, name: str = "StepChain"
    ) -> None:
        parameters = dict(locals())
        self._walk, self._x = walk, x
        super().__init__(parameters, event_shape, batch_of=x, reparameterized=True)

    def from_noise(self, noise: Tensor) -> Tensor:
        """A draw [N, T, Z] as a function of standard normal noise [N, T, Z]; N = B with x."""
        return self._walk(noise, True, self._x)[0]

    def conditionals(self, z: Tensor) -> tfd.Distribution:
        """The Gaussian of every step given z(<t), for z [N, T, Z]: Independent, batch [N]."""
        return self._walk(z, False, self._x)[1]

    def _log_prob(self, z):
        if self._x is None:
            flat = tf.reshape(z, [-1, *self.event_shape])
            return tf.reshape(self.conditionals(flat).log_prob(flat), tf.shape(z)[:-2])
        shape = tf.broadcast_dynamic_shape(tf.shape(z)[:-2], tf.shape(self._x)[:1])
        z = tf.broadcast_to(z, tf.concat([shape, self.event_shape], axis=0))
        images = tf.concat([shape[-1:], tf.shape(self._x)[1:]], axis=0)
        x = tf.broadcast_to(self._x, images)
        if z.shape.rank == 3:  # One z for each image: no loop over rows.
            return self._walk(z, False, x)[1].log_prob(z)
        rows = tf.reshape(z, tf.concat([[-1], shape[-1:], self.event_shape], axis=0))
        return tf.reshape(self._of_rows(rows, x), shape)

    def _of_rows(self, rows, x):
        """log q(z|x) [L, B] of L rows of latents [L, B, T, Z], each with all images [B, H, W, C].

        The encoder needs memory for every pair, so some rows are computed after others.
        """

        def log_prob(part):
            z = tf.reshape(part, [-1, *self.event_shape])
            copies = tf.concat([tf.shape(part)[:1], tf.ones_like(tf.shape(x)[1:])], axis=0)
            found = self._walk(z, False, tf.tile(x, copies))[1].log_prob(z)
            return tf.reshape(found, tf.shape(part)[:2])

        if not tf.executing_eagerly():
            return tf.map_fn(lambda row: log_prob(row[None])[0], rows)
        # Each call outside of a graph costs the same time for one row as for some.
        count = max(LARGEST // max(tf.size(x).numpy(), 1), 1)
        found = [log_prob(rows[i : i + count]) for i in range(0, rows.shape[0], count)]
        return tf.concat(found, axis=0)

    def _sample_n(self, n, seed=None):
        seed = tfp.random.sanitize_seed(seed)
        if self._x is None:
            return self.from_noise(philox.draw_normal(seed, [n, *self.event_shape]))
        shape = tf.concat([[n], tf.shape(self._x)[:1], self.event_shape], axis=0)
        return tf.map_fn(self.from_noise, philox.draw_normal(seed, shape))

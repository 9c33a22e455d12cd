"""z = b(u), u ~ N(m, diag(s^2)): a Gaussian moved by a bijector, over a batch or without one.

log q(z) = log N(b^{-1}(z); m, s) + log |d b^{-1}(z) / dz|
"""

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from tfgvae import philox
from tfgvae.distributions.base import Distribution
from tfgvae.types import Tensor


class Flow(Distribution):
    """A flow over z [Z], with the batch of its base.

    TFP's TransformedDistribution would do, but for two things: a density that is asked for rows
    beside its batch, as z [L, 1, Z] against a batch [B], and draws from the noise at hand.

    Args:
      base: tfd.Independent(tfd.Normal), batch [B] or none, event [Z].
      bijector: of event rank 1. A bijector that depends on x has the batch of `base`.
    """

    def __init__(self, base: tfd.Distribution, bijector: tfb.Bijector, name: str = "Flow") -> None:
        parameters = dict(locals())
        self._base, self._bijector = base, bijector
        loc = base.distribution.loc
        batch_of = loc if loc.shape.rank > 1 else None
        super().__init__(parameters, loc.shape[-1:], batch_of=batch_of, reparameterized=True)

    def from_noise(self, noise: Tensor) -> Tensor:
        """A draw [N, Z] as a function of standard normal noise [N, Z]."""
        normal = self._base.distribution
        return self._bijector.forward(normal.loc + normal.scale * noise)

    def _log_prob(self, z):
        # The loops of an autoregressive bijector keep the shape that they start with. A z of the
        # right shape stays the same tensor: a bijector remembers what it made it from.
        shape = tf.broadcast_static_shape(z.shape, self._base.distribution.loc.shape)
        if shape != z.shape:
            loc = self._base.distribution.loc
            z = tf.broadcast_to(z, tf.broadcast_dynamic_shape(tf.shape(z), tf.shape(loc)))
        u = self._bijector.inverse(z)
        return self._base.log_prob(u) + self._bijector.inverse_log_det_jacobian(z, event_ndims=1)

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], self.batch_shape_tensor(), self.event_shape_tensor()], axis=0)
        noise = philox.draw_normal(tfp.random.sanitize_seed(seed), shape)
        return self.from_noise(noise)

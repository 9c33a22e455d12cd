"""sum_k w_k N(m_k, L_k L_k'): a mixture of Gaussians, drawn from normal noise.

One coordinate of the noise chooses the component, and is used again: with u = Phi(noise_1) in the
interval of component k, (u - w_1 - ... - w_{k-1}) / w_k is uniform once more.
"""

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfgvae import philox
from tfgvae.distributions.base import Distribution
from tfgvae.distributions.noise import open_interval
from tfgvae.types import Tensor


class GaussianMixture(Distribution):
    """A mixture over z [Z], without batch.

    Args:
      logits: log w_k up to a constant, [K].
      means: [K, Z].
      scales: the deviations [K, Z], for L_k = diag(s_k); or L_k itself [K, Z, Z], lower triangular
        with a positive diagonal.
    """

    def __init__(
        self, logits: Tensor, means: Tensor, scales: Tensor, name: str = "GaussianMixture"
    ) -> None:
        parameters = dict(locals())
        self._logits, self._means, self._scales = logits, means, scales
        # The density has a gradient in z, which is what Hamiltonian chains follow.
        super().__init__(parameters, means.shape[1:], reparameterized=True)

    def from_noise(self, noise: Tensor) -> Tensor:
        """A draw [N, Z] as a function of standard normal noise [N, Z]."""
        u = tf.cast(tfd.Normal(0.0, 1.0).cdf(noise[:, 0]), tf.float64)
        weights = tf.nn.softmax(tf.cast(self._logits, tf.float64))
        ends = tf.cumsum(weights)
        k = tf.searchsorted(ends[:-1], u, side="right")  # [N]
        start, weight = tf.gather(ends - weights, k), tf.gather(weights, k)
        again = open_interval(tf.cast((u - start) / weight, tf.float32))
        noise = tf.concat([tf.math.ndtri(again)[:, None], noise[:, 1:]], axis=1)
        scale = tf.gather(self._scales, k)
        spread = tf.linalg.matvec(scale, noise) if self._full else scale * noise
        return tf.gather(self._means, k) + spread

    @property
    def _full(self):
        return self._scales.shape.rank == 3

    def _log_prob(self, z):
        if self._full:
            each = tfd.MultivariateNormalTriL(self._means, self._scales)
        else:
            each = tfd.Independent(tfd.Normal(self._means, self._scales), 1)
        log_weights = tf.nn.log_softmax(self._logits)
        return tf.reduce_logsumexp(log_weights + each.log_prob(z[..., None, :]), axis=-1)

    def _mean(self):
        return tf.tensordot(tf.nn.softmax(self._logits), self._means, 1)

    def _variance(self):
        weights = tf.nn.softmax(self._logits)
        variances = tf.square(self._scales)
        variances = tf.reduce_sum(variances, axis=-1) if self._full else variances
        second = tf.tensordot(weights, variances + tf.square(self._means), 1)
        return second - tf.square(self._mean())

    def _sample_n(self, n, seed=None):
        shape = [n, self.event_shape[0]]
        return self.from_noise(philox.draw_normal(tfp.random.sanitize_seed(seed), shape))

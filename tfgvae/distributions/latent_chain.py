"""p(z) = N(z_1; 0, I) prod_t p(z_t | z_{t-1}): the prior of a sequential model with prediction."""

from collections.abc import Callable, Sequence

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfgvae import philox
from tfgvae.distributions.base import Distribution
from tfgvae.types import Shape, Tensor


class LatentChain(Distribution):
    """A Markov chain of Gaussians over z [T, Z].

    Args:
      transitions: T - 1 functions from z_{t-1} [B, Z] to (mean, stddev) of z_t.
      event_shape: (T, Z).
    """

    def __init__(
        self,
        transitions: Sequence[Callable[[Tensor], tuple[Tensor, Tensor]]],
        event_shape: Shape,
        name: str = "LatentChain",
    ) -> None:
        parameters = dict(locals())
        self._transitions = list(transitions)
        super().__init__(parameters, event_shape, reparameterized=True)

    def conditionals(self, z: Tensor) -> tfd.Distribution:
        """p(z_t | z_{t-1}) for every t, given z [B, T, Z]: Independent Normals, batch [B]."""
        first = tf.zeros_like(z[:, 0]), tf.ones_like(z[:, 0])
        steps = [first] + [step(z[:, t]) for t, step in enumerate(self._transitions)]
        means, stddevs = zip(*steps, strict=True)
        return tfd.Independent(tfd.Normal(tf.stack(means, 1), tf.stack(stddevs, 1)), 2)

    def from_noise(self, noise: Tensor) -> Tensor:
        """A draw [N, T, Z] as a function of standard normal noise [N, T, Z]."""
        z = [noise[:, 0]]
        for t, step in enumerate(self._transitions):
            mean, stddev = step(z[-1])
            z.append(mean + stddev * noise[:, t + 1])
        return tf.stack(z, axis=1)

    def _log_prob(self, z):
        flat = tf.reshape(z, [-1, *self.event_shape])
        log_prob = self.conditionals(flat).log_prob(flat)
        return tf.reshape(log_prob, tf.shape(z)[:-2])

    def _sample_n(self, n, seed=None):
        seed = tfp.random.sanitize_seed(seed)
        return self.from_noise(philox.draw_normal(seed, [n, *self.event_shape]))

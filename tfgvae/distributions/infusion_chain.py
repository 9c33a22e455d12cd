"""The chain of infusion training: q(z|x), z = (z(0), ..., z(T-1)); without infusion it is p(z).

    q(z(t)_i | z(t-1), x) = (1 - a(t)) p_t(z(t)_i | z(t-1)) + a(t) N(z(t)_i; x_i, s^2)

(Bordes, Honari, Vincent 2017), z(0) likewise with p(0) instead of p_t. Each sub-pixel i is
drawn from the model or, with probability a(t), from near its value in x.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfgvae import philox
from tfgvae.distributions.base import Distribution
from tfgvae.distributions.noise import SMALLEST_UNIFORM, open_interval
from tfgvae.types import Shape, Tensor


class InfusionChain(Distribution):
    """A Markov chain over z [T, H, W, C], infused with images x [B, H, W, C] if they are given.

    Draws have no pathwise gradient: each step treats the state before it as data.

    Args:
      start: p(0): a distribution of scalars with a quantile, batch [H, W, C].
      steps: T - 1 functions from z(t-1) [N, H, W, C] to p_t, such a distribution with batch
        [N, H, W, C].
      event_shape: (T, H, W, C).
      x: images [B, H, W, C]; None for the generative chain, which has no batch.
      rates: a(0), ..., a(T-1), floats in [0, 1]; not used without x.
      stddev: s, > 0; not used without x.
    """

    def __init__(
        self,
        start: tfd.Distribution,
        steps: Sequence[Callable[[Tensor], tfd.Distribution]],
        event_shape: Shape,
        x: Tensor | None = None,
        rates: Sequence[float] = (),
        stddev: float = 1.0,
        name: str = "InfusionChain",
    ) -> None:
        parameters = dict(locals())
        self._start, self._steps = start, list(steps)
        self._x, self._rates = x, tuple(rates)
        self._stddev = stddev
        super().__init__(parameters, event_shape, batch_of=x)

    def walk(self, noise: Tensor) -> tuple[Tensor, list[tfd.Distribution]]:
        """A draw z [N, T, H, W, C], and the distributions that its states were drawn from.

        Args:
          noise: standard normal [N, T, H, W, C]; N = B if the chain is infused.

        Returns:
          z, and [p(0), p_1(. | z(0)), ..., p_{T-1}(. | z(T-2))].
        """
        pixels, states = [self._start], []
        for t in range(self.event_shape[0]):
            states.append(tf.stop_gradient(self._state(t, pixels[t], noise[:, t])))
            if t < len(self._steps):
                pixels.append(self._steps[t](states[t]))
        return tf.stack(states, axis=1), pixels

    def _state(self, t, pixels, noise):
        """z(t) [N, H, W, C]: one number per sub-pixel chooses the component and draws from it.

        u = Phi(noise) is uniform. If u < a, the sub-pixel is infused, and u / a is uniform;
        otherwise (u - a) / (1 - a) is uniform.
        """
        u = tfd.Normal(0.0, 1.0).cdf(noise)
        a = 0.0 if self._x is None else self._rates[t]
        # Both quantiles are computed for every u, and `where` takes one of them. The open interval
        # also keeps them finite where float32 rounds u to 1 or to a.
        own = pixels.quantile(open_interval((u - a) / max(1.0 - a, SMALLEST_UNIFORM)))
        if a == 0.0:
            return own
        infused = self._x + self._stddev * tf.math.ndtri(open_interval(u / a))
        return tf.where(u < a, infused, own) if a < 1.0 else infused

    def from_noise(self, noise: Tensor) -> Tensor:
        """A draw [N, T, H, W, C] as a function of standard normal noise of that shape."""
        return self.walk(noise)[0]

    def conditionals(self, z: Tensor) -> list[tfd.Distribution]:
        """[p(0), p_1(. | z(0)), ..., p_{T-1}(. | z(T-2))] for z [N, T, H, W, C]."""
        return [self._start, *(step(z[:, t]) for t, step in enumerate(self._steps))]

    def log_ratio(self, z: Tensor, pixels: list[tfd.Distribution]) -> Tensor:
        """log q(z|x) - log p(z): [B] nats, for z and pixels as `walk` gives them."""
        own = _log_probs(z, pixels)
        return tf.reduce_sum(self._mixed(z, own) - own, axis=(-4, -3, -2, -1))

    def _mixed(self, z, own):
        """The log-density of the mixture at each sub-pixel, from that of its first component."""
        if self._x is None:
            return own
        rates = tf.reshape(tf.constant(self._rates, tf.float32), [-1, 1, 1, 1])
        infused = tfd.Normal(self._x[:, None], self._stddev).log_prob(z)
        # With a rate of 0 or 1 one term is -inf, and the result is the other.
        logaddexp = tf.experimental.numpy.logaddexp
        return logaddexp(tf.math.log1p(-rates) + own, tf.math.log(rates) + infused)

    def _log_prob(self, z):
        # p_t does not depend on x: it is computed once per row of z, for any number of images.
        flat = tf.reshape(z, [-1, *self.event_shape])
        own = tf.reshape(_log_probs(flat, self.conditionals(flat)), tf.shape(z))
        return tf.reduce_sum(self._mixed(z, own), axis=(-4, -3, -2, -1))

    def _sample_n(self, n, seed=None):
        seed = tfp.random.sanitize_seed(seed)
        if self._x is None:
            return self.from_noise(philox.draw_normal(seed, [n, *self.event_shape]))
        shape = tf.concat([[n], tf.shape(self._x)[:1], self.event_shape], axis=0)
        noise = philox.draw_normal(seed, shape)
        return tf.map_fn(self.from_noise, noise)


def _log_probs(z, pixels):
    """log p_t(z(t)_i | z(t-1)): [N, T, H, W, C]."""
    return tf.stack([p.log_prob(z[:, t]) for t, p in enumerate(pixels)], axis=1)

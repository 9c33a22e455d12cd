"""q~(z|x) = E_{C(x~|x)} q(z|x~): q of a corrupted image. It has draws, and no density.

A draw needs noise for both: e for q, and u for C. The bounds that use log q(z|x~) of the x~ that
was drawn are bounds for q~, too:

    E_C KL(q(z|x~) || p(z)) >= KL(q~(z|x) || p(z))                    (convexity)
    E p(x, z) / q(z|x~) = p(x),  x~ ~ C(x~|x), z ~ q(z|x~)            (importance weights)
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae.distributions.base import Distribution
from tfgvae.distributions.noise import from_noise
from tfgvae.types import Tensor


class Corrupted(Distribution):
    """q~(z|x) over z [Z], batch [B].

    Args:
      x: images [B, H, W, C].
      corrupt: a function of images and uniform noise [B, M] to images x~.
      clear: q: a function of images to a distribution with batch [B].
      latent_dim: Z.
    """

    def __init__(
        self,
        x: Tensor,
        corrupt: Callable[[Tensor, Tensor], Tensor],
        clear: Callable[[Tensor], tfd.Distribution],
        latent_dim: int,
        name: str = "Corrupted",
    ) -> None:
        parameters = dict(locals())
        self._x, self._corrupt, self._clear = x, corrupt, clear
        self._latent_dim = latent_dim
        super().__init__(parameters, (latent_dim,), batch_of=x)

    def undamaged(self) -> tfd.Distribution:
        """q(z|x) of the image itself, without the corruption."""
        return self._clear(self._x)

    def condition(self, noise: Tensor) -> tuple[tfd.Distribution, Tensor]:
        """q(z|x~) for one x~, and the noise that is left to draw z from it.

        Args:
          noise: standard normal [B, Z + M].
        """
        left, own = noise[:, : self._latent_dim], noise[:, self._latent_dim :]
        # In float32 Phi rounds to 1 above 5.4: a number in [0, 1) is expected.
        uniform = tf.minimum(tfd.Normal(0.0, 1.0).cdf(own), 1.0 - 2.0**-24)
        return self._clear(self._corrupt(self._x, uniform)), left

    def from_noise(self, noise: Tensor) -> Tensor:
        """A draw [B, Z] as a function of standard normal noise [B, Z + M]."""
        return from_noise(*self.condition(noise))

    def _log_prob(self, z):
        raise NotImplementedError(
            "q~(z|x), the mean of q over corrupted images, has no density in closed form"
        )

    def _sample_n(self, n, seed=None):
        raise NotImplementedError("draws from q~(z|x) are made by from_noise, with noise for C")

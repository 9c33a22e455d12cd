"""q(z|x): the inference distribution (Section 2)."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import checks
from tfgvae.distributions.noise import standard_normal
from tfgvae.layers.activations import softplus_one
from tfgvae.layers.scales import check_image_shape
from tfgvae.types import Distribution, Shape, Tensor


class Inference(keras.layers.Layer):
    """A diagonal Gaussian q(z|x) = N(mean(x), stddev(x)^2), event [Z], and the prior N(0, I).

    A subclass defines `call`: images [B, H, W, C] to (mean [B, Z], stddev [B, Z]), with stddev
    bounded away from 0. Another kind of q defines `distribution`, and `prior` if p(z) is not
    N(0, I).

    Args:
      latent_dim: Z, > 0.
      image_shape: (H, W, C).
      min_stddev: lower bound of the standard deviation, > 0.

    Attributes:
      matches_prior: whether q(z) = p(z) holds without a regularizer.
    """

    # Constructor arguments that a user may not set: the model supplies them.
    supplied: tuple[str, ...] = ("latent_dim", "image_shape")

    matches_prior = False

    def __init__(
        self, latent_dim: int, image_shape: Shape, min_stddev: float = 1e-3, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.latent_dim = checks.size("latent_dim", latent_dim, 1)
        self.image_shape = check_image_shape(image_shape)
        self.min_stddev = checks.real("min_stddev", min_stddev, above=0)

    def moments(self, heads: Tensor) -> tuple[Tensor, Tensor]:
        """(mean, stddev), float32 [B, Z] each, from a linear layer's output [B, 2 Z].

        The deviation is about 1 where the output is 0: q starts near the prior's scale.
        """
        # A divergence in half precision would overflow: densities are float32 under any policy.
        mean, raw = tf.split(tf.cast(heads, tf.float32), 2, axis=-1)
        return mean, self.deviation_of(raw)

    def deviation_of(self, raw: Tensor) -> Tensor:
        """Standard deviations > 0 from the second half of `moments`' heads: [B, Z] both."""
        return self.min_stddev + softplus_one(raw)

    def distribution(self, x: Tensor, training: bool = False) -> Distribution:
        """q(z|x): batch [B], event [Z]."""
        return tfd.Independent(tfd.Normal(*self(x, training=training)), 1)

    def prior(self) -> Distribution:
        """p(z): a tfd.Distribution without batch, event [Z]."""
        return standard_normal((self.latent_dim,))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "image_shape": self.image_shape,
            "min_stddev": self.min_stddev,
        }

"""A draw from any distribution as a deterministic function of standard normal noise.

z = T(noise),  noise ~ N(0, I)  =>  z ~ q
"""

import typing

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae.types import Distribution, Shape, Tensor

# Uniform noise is in [0, 1); quantile functions are infinite at 0 and 1.
SMALLEST_UNIFORM = 2.0**-25


@typing.runtime_checkable
class DrawnFromNoise(typing.Protocol):
    """A distribution with its own function from standard normal noise to a draw."""

    def from_noise(self, noise: Tensor) -> Tensor:
        """A draw [N, *event_shape] as a function of standard normal noise of that shape."""


def from_noise(q: Distribution, noise: Tensor) -> Tensor:
    """A draw z ~ q as a function of standard normal noise of z's shape.

    If q has a `from_noise`, it is used. A Normal gives loc + scale * noise. A transformed
    distribution applies its bijector to a draw from its base. Any other distribution of scalars
    applies its quantile function to Phi(noise).

    Args:
      q: a distribution.
      noise: [N, *latent_shape].

    Raises:
      TypeError: q is none of these.
    """
    if isinstance(q, DrawnFromNoise):
        return q.from_noise(noise)
    if isinstance(q, tfd.Normal):
        return q.loc + q.scale * noise
    # These two only repeat or group the draws of another distribution.
    if isinstance(q, (tfd.Independent, tfd.Sample)):
        return from_noise(q.distribution, noise)
    if isinstance(q, tfd.TransformedDistribution):
        return q.bijector.forward(from_noise(q.distribution, noise))
    return _by_quantile(q, noise)


@typing.runtime_checkable
class Conditioned(typing.Protocol):
    """A distribution of z that first draws something else, on which z depends."""

    def condition(self, noise: Tensor) -> tuple[Distribution, Tensor]:
        """The distribution of z given what was drawn, and the noise that is left for z."""


def condition(q: Distribution, noise: Tensor) -> tuple[Distribution, Tensor]:
    """(q', e), so that from_noise(q', e) = from_noise(q, noise) and q' has a density.

    For most q this is (q, noise). A corrupted q draws its image x~ first: q' = q(z|x~).
    """
    return q.condition(noise) if isinstance(q, Conditioned) else (q, noise)


def _by_quantile(q, noise):
    # In float32 Phi rounds to 1 above 5.4.
    u = open_interval(tfd.Normal(0.0, 1.0).cdf(noise))
    try:
        if q.event_shape.rank != 0:
            raise NotImplementedError("it is not a distribution of scalars")
        return q.quantile(u)
    except NotImplementedError as error:
        raise TypeError(
            f"a draw from {type(q).__name__} cannot be made from noise: it has no from_noise, is "
            f"no Normal and no transformed distribution, and has no quantile function ({error})"
        ) from error


def open_interval(noise: Tensor) -> Tensor:
    """Clip uniform noise from [0, 1) to the open interval (0, 1); other values do not change."""
    return tf.clip_by_value(noise, SMALLEST_UNIFORM, 1.0 - 2.0**-24)


def standard_normal(shape: Shape) -> Distribution:
    """N(0, I) over z of this shape: a tfd.Distribution without batch."""
    return tfd.Independent(tfd.Normal(tf.zeros(shape), tf.ones(shape)), len(shape))

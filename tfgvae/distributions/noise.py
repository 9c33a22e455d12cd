"""A draw from any distribution as a deterministic function of standard normal noise.

z = T(noise),  noise ~ N(0, I)  =>  z ~ q
"""

import typing

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions

# Uniform noise is in [0, 1); quantile functions are infinite at its ends.
SMALLEST_UNIFORM = 2.0**-25


@typing.runtime_checkable
class DrawnFromNoise(typing.Protocol):
    """A distribution that says itself how standard normal noise becomes a draw."""

    def from_noise(self, noise):
        """A draw [N, *event_shape] as a function of standard normal noise of that shape."""


def from_noise(q, noise):
    """A draw z ~ q as a function of standard normal noise of z's shape.

    A `from_noise` of q's own comes first; a Normal is loc + scale * noise; a transformed
    distribution is its bijector of a draw from its base; another distribution of scalars goes
    through its quantile function at Phi(noise).

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
    # These two only repeat or group the draws of the distribution that they are made of.
    if isinstance(q, (tfd.Independent, tfd.Sample)):
        return from_noise(q.distribution, noise)
    if isinstance(q, tfd.TransformedDistribution):
        return q.bijector.forward(from_noise(q.distribution, noise))
    return _by_quantile(q, noise)


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


def open_interval(noise):
    """Move uniform noise from [0, 1) into the open interval, without moving other values."""
    return tf.clip_by_value(noise, SMALLEST_UNIFORM, 1.0 - 2.0**-24)


def standard_normal(shape):
    """N(0, I) over z of this shape: a tfd.Distribution without batch."""
    return tfd.Independent(tfd.Normal(tf.zeros(shape), tf.ones(shape)), len(shape))

"""One step of the sequential VAE as functions of layers and tensors, for layers.one_trace.

Densities are float32 under any policy, hence the casts.
"""

from typing import Any

import tensorflow as tf

from tfgvae.types import Tensor

Moments = tuple[Tensor, Tensor]


def infer(layers: Any, x: Tensor, training: bool) -> Moments:
    """(mean, stddev) of q_t(z|x), [B, Z] each. layers: (q_t,)."""
    (inference,) = layers
    return inference(x, training=training)


def first(layers: Any, z: Tensor, label: Tensor | None, training: bool) -> Tensor:
    """The parameters of p_1(x | z(1)), [B, H, W, K]. layers: (mapping, family)."""
    mapping, family = layers
    raw = mapping(z, label=label, training=training)
    return family.constrain(tf.cast(raw, tf.float32))


def following(
    layers: Any, z: Tensor, old: Tensor, label: Tensor | None, training: bool, stop: bool
) -> Tensor:
    """The parameters of p_t(x | z(t), x(t-1)), [B, H, W, K]. layers: (transition, family).

    Args:
      old: the parameters of p_{t-1}.
      stop: whether no gradient passes to them.
    """
    transition, family = layers
    old = tf.stop_gradient(old) if stop else old
    heads = transition(z, x=family.mean(old), label=label, training=training)
    return _gated(family, heads, old)


def conditional(
    layers: Any,
    given: Tensor,
    old: Tensor,
    x: Tensor | None,
    draw: bool,
    training: bool,
    stop: bool,
) -> tuple[Moments, Moments, Tensor, Tensor]:
    """A step with a conditional prior: the moments of p_t and of q_t, z(t), the parameters of x(t).

    Without x, q_t is p_t.

    Args:
      layers: (transition, heads of the prior, family), and the residual of q_t if x is given.
      given: [B, Z], the noise of z(t) if `draw`, else z(t).
      old, stop: as in `following`.
    """
    transition, heads, family, *residual = layers
    old = tf.stop_gradient(old) if stop else old
    image = family.mean(old)
    features = transition.read(image, training)
    prior = posterior = heads(features)
    if x is not None:
        posterior = residual[0](x, image, prior=prior, training=training)
    z = latents(given, draw, posterior)
    heads = transition(z, training=training, features=features)
    return prior, posterior, z, _gated(family, heads, old)


def latents(given: Tensor, draw: bool, moments: Moments) -> Tensor:
    """z(t) [B, Z]: a draw from noise, or what is given."""
    mean, stddev = moments
    return mean + stddev * given if draw else given


def _gated(family, heads, old):
    raw, gate = (tf.cast(head, tf.float32) for head in heads)
    return gate * family.constrain(raw) + (1 - gate) * old

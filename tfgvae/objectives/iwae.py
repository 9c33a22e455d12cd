"""The importance-weighted bound (Burda, Grosse, Salakhutdinov 2016).

    L_K = E log (1/K) sum_k w_k,   w_k = p(x|z_k) p(z_k) / q(z_k|x),   z_k ~ q(z|x)

L_1 is the ELBO, L_K <= L_(K+1) <= log p(x). The gradient is the plain one, through z_k as a
function of its noise: sum_k w_k / (sum_j w_j) grad log w_k.
"""

import math
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import checks, seeds
from tfgvae.distributions.divergence import is_gaussian
from tfgvae.distributions.noise import from_noise
from tfgvae.objectives.base import Objective
from tfgvae.regularizers import KL
from tfgvae.types import Distribution, Model, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.objectives")
class IWAE(Objective):
    """The loss -L_K with K draws of z for each image. With K = 1 it is the ELBO, bit for bit.

    The terms nll, kl, elbo and penalty are those of the first draw, the one of the ELBO for the
    same seed; `bound` is L_K. A step takes about K times the memory and time of the decoder.

    Args:
      num_samples: K, >= 1.
    """

    def __init__(self, num_samples: int = 5) -> None:
        self.num_samples = checks.size("num_samples", num_samples, 1)

    def check(self, model: Model) -> None:
        why = _regularizer(model.regularizer) or _corruption(model) or _extra_losses(model)
        if why:
            raise ValueError(f"the objective iwae is a bound on log p(x) alone: {why}")

    def get_config(self) -> dict[str, Any]:
        return {"num_samples": self.num_samples}


def _regularizer(regularizer):
    """Why a regularizer is not that of the bound, or None."""
    name = type(regularizer).__name__
    if not isinstance(regularizer, KL):
        return f"it takes the regularizer kl, got {name}"
    if regularizer.free_bits > 0:
        return (
            f"kl with free_bits = {regularizer.free_bits} is a loss of the batch, not of an image"
        )
    if regularizer.weight != 1 or regularizer.schedule != "constant":
        return (
            "it takes kl with weight 1 and schedule constant, got weight = "
            f"{regularizer.weight:g} and schedule = {regularizer.schedule!r}"
        )
    return None


def _corruption(model):
    corruption = getattr(model, "corruption", None)
    if corruption is not None and corruption.noise_size:
        return f"with the corruption {type(corruption).__name__}, q(z|x) has no density"
    if getattr(model, "denoise", False):
        return "denoise trains with the q(z|x) of other images"
    return None


def _extra_losses(model):
    if getattr(model, "walkback", 0):
        return f"walkback = {model.walkback} adds another loss"
    training = getattr(model, "training", "last")
    if training != "last":
        return (
            f"training = {training!r} also trains the images of earlier steps: take "
            "training = 'last'"
        )
    return None


def tiled(values: Tensor | None, count: int) -> Tensor | None:
    """[B, ...] repeated as a whole: [count * B, ...]; None stays None."""
    if values is None:
        return None
    return tf.tile(values, [count, *[1] * (values.shape.rank - 1)])


def first(values: Tensor, count: int) -> Tensor:
    """The rows of the first draw: [count * B, ...] -> [B, ...]."""
    return values[: tf.shape(values)[0] // count]


def noise_of(seed: Tensor, rows: Tensor, shape: Shape, count: int) -> Tensor:
    """Standard normal noise of `count` draws: [count * B, *shape]. That of the first is the ELBO's.

    Args:
      seed: int64 scalar: the ELBO's.
      rows: B.
      shape: of one draw's noise.
      count: K.
    """
    each = [seed, *(seeds.fold_in(seed, k) for k in range(1, count))]
    return tf.concat([seeds.batch_normal(s, rows, shape) for s in each], axis=0)


def draws(q: Distribution, noise: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """z_k ~ q(z|x) and log q(z_k|x), k = 1 .. K: ([K * B, *event], [K * B]).

    Args:
      q: batch [B].
      noise: [K * B, ...], the result of `noise_of`.
      count: K.
    """
    if is_gaussian(q):
        loc = q.distribution.loc
        scale = tf.broadcast_to(q.distribution.scale, tf.shape(loc))
        moments = [tiled(moment, count) for moment in (loc, scale)]
        q = tfd.Independent(tfd.Normal(*moments), q.reinterpreted_batch_ndims)
        z = from_noise(q, noise)
        return z, q.log_prob(z)
    each = [from_noise(q, part) for part in tf.split(noise, count)]
    return tf.concat(each, axis=0), tf.concat([q.log_prob(z) for z in each], axis=0)


def bound(log_weights: Tensor, count: int) -> Tensor:
    """log (1/K) sum_k w_k of each image: [B] nats, from log w [count * B]."""
    weights = tf.reshape(log_weights, [count, -1])
    return tf.reduce_logsumexp(weights, axis=0) - math.log(count)

"""log p(x) >= E log (1/K) sum_k p(x, z_k) / q(z_k|x), z_k ~ q(z|x) (Burda et al. 2016)."""

import math

import tensorflow as tf

from tfgvae import seeds
from tfgvae.inference.base import from_noise


def log_weight(model, x, label, q, rows):
    """log p(x|z) + log p(z) - log q(z|x) for one z ~ q = q(z|x): [N] nats."""
    z = from_noise(q, seeds.normal(rows, model.latent_shape))
    log_joint = model.family.log_prob(x, model.likelihood(z, label)) + model.prior().log_prob(z)
    return log_joint - q.log_prob(z)


def log_likelihood(model, x, label, rows, num_samples):
    """The importance-weighted bound with K = num_samples draws: [N] nats.

    One draw at a time, so that memory does not grow with K. With K = 1 its expectation is the
    ELBO; it rises to log p(x) with K.

    Args:
      model: a latent variable model.
      x: images [N, H, W, C].
      label: [N] int32.
      rows: row seeds [N]; draw k of a row uses fold_in(row, k).
      num_samples: int32 scalar, K.
    """
    q = model.posterior(x)

    def step(k, total):
        weight = log_weight(model, x, label, q, seeds.fold_in(rows, k))
        return k + 1, tf.experimental.numpy.logaddexp(total, weight)

    start = tf.fill(tf.shape(x)[:1], -math.inf)
    shapes = [tf.TensorShape([]), tf.TensorShape([None])]
    _, total = tf.while_loop(
        lambda k, _: k < num_samples, step, [0, start], shape_invariants=shapes
    )
    return total - tf.math.log(tf.cast(num_samples, tf.float32))

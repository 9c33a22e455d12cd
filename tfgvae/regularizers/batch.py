"""The global batch: rows from all replicas, and draws from the prior.

With one replica no cross-replica operation is traced.
"""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import philox, replicas, seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.types import Distribution, Tensor


def flatten(z: Tensor) -> Tensor:
    """[B, Z] or [B, T, Z] -> [B, D], D the size of one event."""
    return tf.reshape(z, [tf.shape(z)[0], z.shape[1:].num_elements()])


def gather(z: Tensor) -> Tensor:
    """The rows of all replicas: [B, ...] -> [N, ...]. Gradients flow back to each replica."""
    replicas.check_whole("a regularizer of the whole batch")
    context = replicas.context()
    if context is None:
        return z
    rows = context.all_gather(z, axis=0)
    return tf.ensure_shape(rows, [None, *z.shape[1:]])  # all_gather loses the static shape.


def spread(value: Tensor, z: Tensor) -> Tensor:
    """One value of the whole batch as the penalty of each row: [] -> [B]."""
    return tf.repeat(value[None], tf.shape(z)[0])


def prior_rows(prior: Distribution, seed: Tensor, z: Tensor) -> Tensor:
    """This replica's rows of a global batch of prior draws, of z's shape and type."""
    count = tf.shape(z)[0]
    start, total = replicas.place(count)
    return replicas.rows_of(prior_draws(prior, seed, total, z), start, count)


def prior_draws(prior: Distribution, seed: Tensor, count: int | Tensor, z: Tensor) -> Tensor:
    """`count` draws from the prior, the same on every replica: [count, ...] of z's type."""
    if _is_normal(prior):
        # The numbers of its `sample`, also in a graph that XLA compiles.
        noise = philox.draw_normal(seed, [count, *prior.event_shape])
        draws = from_noise(prior, noise)
    else:
        draws = prior.sample(count, seed=seeds.stateless(seed))
    return tf.ensure_shape(tf.cast(draws, z.dtype), [None, *z.shape[1:]])


def _is_normal(prior):
    return (
        isinstance(prior, tfd.Independent)
        and isinstance(prior.distribution, tfd.Normal)
        and prior.dtype == tf.float32
    )


def require_rows(z: Tensor, least: int, why: str) -> Tensor:
    """Return z [B, ...] if all replicas together have at least `least` rows.

    Raises:
      ValueError: the number of rows is known and too small.
      tf.errors.InvalidArgumentError: it is too small when the step runs.
    """
    if least < 2:
        return z
    message = f"{why} needs a batch of at least {least} rows over all replicas"
    if replicas.context() is None and z.shape[0] is not None:
        if z.shape[0] < least:
            raise ValueError(f"{message}, got {z.shape[0]}")
        return z
    _, count = replicas.place(tf.shape(z)[0])
    check = tf.debugging.assert_greater_equal(count, least, message=message)
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(z)


def zero_below(least: int, penalty: Tensor) -> Tensor:
    """The penalty [B], or zeros where all replicas together have fewer than `least` rows."""
    if least < 2:
        return penalty
    _, count = replicas.place(tf.shape(penalty)[0])
    return tf.where(count < least, tf.zeros_like(penalty), penalty)

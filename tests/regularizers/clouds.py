"""Gaussian clouds z = mu + s * eps for tests of regularizers, and a prior that is not from TFP.

Everything is a function of an integer seed; other seeds give independent draws.
"""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae import seeds

tfd = tfp.distributions

EVENTS = {"Z": (3,), "TZ": (2, 3)}


def standard(event, dtype=tf.float32):
    """N(0, I), as models give it."""
    return tfd.Independent(tfd.Normal(tf.zeros(event, dtype), tf.ones(event, dtype)), len(event))


def noise(seed, rows, event, dtype=tf.float32):
    """eps: [rows, *event]."""
    return tf.cast(seeds.batch_normal(seed, rows, event), dtype)


def gaussian_q(mu, s, eps):
    """q(z|x) = N(mu, s^2) for every x, and its draw: (q, z [B, *event])."""
    loc = mu + tf.zeros_like(eps)
    scale = s + tf.zeros_like(eps)
    return tfd.Independent(tfd.Normal(loc, scale), eps.shape.rank - 1), loc + scale * eps


def evaluate(reg, q, z, prior, step=0, seed=0, training=True):
    """(the loss that a fit would add, the penalty [B])."""
    penalty = reg(
        z, q=q, prior=prior, step=tf.constant(step, tf.int64), seed=seed, training=training
    )
    return tf.add_n(reg.losses), penalty


def repeats(reg, mu, s, num, rows=64, event=(3,), first=0):
    """The mean penalty of `num` independent batches: [num]."""
    prior = standard(event)

    @tf.function
    def one(seed):
        z_seed, r_seed = seeds.split(seed, 2)
        q, z = gaussian_q(mu, s, noise(z_seed, rows, event))
        return tf.reduce_mean(reg.penalty(q, z, prior, r_seed))

    return np.array([one(tf.constant(first + i, tf.int64)) for i in range(num)])


def standard_error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


class MarkovPrior(tfd.Distribution):
    """p(z_1) = N(0, I), p(z_t | z_{t-1}) = N(a z_{t-1}, b^2 I): sample and log_prob, no more."""

    def __init__(self, steps, size, a, b, dtype=tf.float32):
        self.steps, self.size, self.a, self.b = steps, size, a, b
        super().__init__(
            dtype=dtype,
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
        )

    def _event_shape(self):
        return tf.TensorShape([self.steps, self.size])

    def _batch_shape(self):
        return tf.TensorShape([])

    def _sample_n(self, n, seed=None):
        eps = tf.random.stateless_normal([n, self.steps, self.size], seed, dtype=self.dtype)
        z = [eps[:, 0]]
        for t in range(1, self.steps):
            z.append(self.a * z[-1] + self.b * eps[:, t])
        return tf.stack(z, axis=1)

    def _log_prob(self, z):
        mean = tf.concat([tf.zeros_like(z[:, :1]), self.a * z[:, :-1]], axis=1)
        scale = tf.constant([[1.0]] + [[self.b]] * (self.steps - 1), self.dtype)
        return tf.reduce_sum(tfd.Normal(mean, scale).log_prob(z), axis=[1, 2])

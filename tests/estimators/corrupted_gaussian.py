"""The linear-Gaussian VAE with a corruption whose q~ has a closed form.

x~ = x + s e, e ~ N(0, I), z ~ N(G x~ + o, t^2)   =>   q~(z|x) = N(G x + o, t^2 I + s^2 G G')
"""

import numpy as np
import tensorflow as tf

from tests.estimators import linear_gaussian as lg
from tfgvae.corruptions import Gaussian
from tfgvae.distributions.noise import open_interval

S = 0.4


class Additive(Gaussian):
    """x + S e, always."""

    def corrupted(self, x, rate, noise):
        normal = tf.math.ndtri(open_interval(noise))
        return x + S * tf.reshape(normal, [-1, *self.image_shape])


def build(gain=lg.GAIN, **options):
    """The model of linear_gaussian with this corruption."""
    model = lg.build(gain=gain, **options)
    model.corruption = Additive(lg.IMAGE)
    return model


def covariance(gain, stddev):
    """That of q~(z|x)."""
    return np.diag(np.broadcast_to(stddev, lg.Z) ** 2) + S**2 * gain @ gain.T

"""The traversal picture shows the coordinates that matter, not those with the widest codes."""

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from train import traversals


class Family:
    has_mean = True


class Model:
    """z has four coordinates: two are noise of deviation 1, which the image does not show."""

    family = Family()
    image_shape, latent_shape, num_classes = (8, 8, 1), (4,), 0

    def posterior(self, x):
        return tfd.Independent(tfd.Normal(tf.zeros([len(x), 4]), tf.ones([len(x), 4])), 1)

    def encode(self, x, seed, mean):
        used = tf.reshape(x[:, 0, 0, 0], [-1, 1]) * [[0.5, 0.25]]
        unused = np.random.default_rng(0).normal(size=(len(x), 2)).astype(np.float32)
        return tf.concat([unused, used], axis=1)

    def decode(self, z, seed, mean, **label):
        return tf.reshape(z[:, 2] + z[:, 3], [-1, 1, 1, 1]) * tf.ones([1, 8, 8, 1])


def test_the_strongest_coordinates_come_first():
    x = np.linspace(0, 1, 10, dtype=np.float32).reshape(-1, 1, 1, 1) * np.ones((1, 8, 8, 1), "f4")
    found = traversals.traversed(Model(), {"image": x}, 3, seed=0).numpy()
    ranges = np.ptp(found, axis=1).max(axis=(1, 2, 3))
    spread = (x[:, 0, 0, 0] * 0.5).std()
    np.testing.assert_allclose(ranges, [6 * spread, 3 * spread, 0], rtol=1e-4, atol=1e-6)

"""q(z|x): the inference distribution (Section 2)."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


class Inference(keras.layers.Layer):
    """A diagonal Gaussian q(z|x) = N(mean(x), stddev(x)^2), event [Z].

    A subclass gives `call`: images [B, H, W, C] to (mean [B, Z], stddev [B, Z]), with the standard
    deviation bounded away from 0.

    Args:
      latent_dim: Z, > 0.
      image_shape: (H, W, C).
      min_stddev: lower bound of the standard deviation, > 0.
    """

    def __init__(self, latent_dim, image_shape, min_stddev=1e-3, **kwargs):
        super().__init__(**kwargs)
        if latent_dim < 1:
            raise ValueError(f"latent_dim must be > 0, got {latent_dim}")
        if min_stddev <= 0:
            raise ValueError(f"min_stddev must be > 0, got {min_stddev}")
        self.latent_dim = latent_dim
        self.image_shape = tuple(image_shape)
        self.min_stddev = min_stddev

    def moments(self, heads):
        """(mean, stddev) from the two halves of a linear layer's output [B, 2 Z].

        softplus(raw + log(e - 1)) is 1 at raw = 0: q starts near the prior's scale.
        """
        mean, raw = tf.split(heads, 2, axis=-1)
        return mean, self.min_stddev + tf.nn.softplus(raw + 0.5413248546129181)

    def distribution(self, x, training=False):
        """q(z|x): batch [B], event [Z]."""
        return tfd.Independent(tfd.Normal(*self(x, training=training)), 1)

    def get_config(self):
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "image_shape": self.image_shape,
            "min_stddev": self.min_stddev,
        }

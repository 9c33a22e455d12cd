"""The corruption of denoising training: salt and pepper, then Gaussian noise."""

import tensorflow as tf

from tfgvae import seeds
from tfgvae.types import Tensor


def corrupt(x: Tensor, seed: Tensor, salt_and_pepper: float = 0.1, stddev: float = 0.1) -> Tensor:
    """A corrupted copy of images x [B, H, W, C], clipped to [0, 1].

    A pixel (all its channels) becomes black or white with probability `salt_and_pepper`, half of
    it each. Then N(0, stddev^2) is added to every sub-pixel. The defaults are the authors'.

    Args:
      x: this replica's images.
      seed: int64 scalar of the training step.
      salt_and_pepper: probability in [0, 1].
      stddev: >= 0.
    """
    pixel_seed, noise_seed = seeds.split(seed, 2)
    u = seeds.batch_uniform(pixel_seed, tf.shape(x)[0], (*x.shape[1:3], 1))
    x = tf.where(u < salt_and_pepper / 2, 0.0, tf.where(u < salt_and_pepper, 1.0, x))
    noise = seeds.batch_normal(noise_seed, tf.shape(x)[0], x.shape[1:])
    return tf.clip_by_value(x + stddev * noise, 0.0, 1.0)

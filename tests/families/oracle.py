"""Tiny autoregressive families, and the plain sampler: one pass over the image per sub-pixel."""

import numpy as np
import tensorflow as tf

from tests.conformance import components
from tfgvae import seeds
from tfgvae.families import FAMILIES
from tfgvae.families.autoregressive import Autoregressive

KEYS = [
    key for key in components.FAMILIES if issubclass(FAMILIES[key.split("-")[0]], Autoregressive)
]


def build(key, image_shape, spread=0.3, **options):
    """A family of the list with other `options`; its weights are moved, so nothing is trivial."""
    options = {key: {**components.FAMILIES[key], **options}}
    family = components.build(FAMILIES, options, key)
    with seeds.initialization(0):
        family.build((None, *family.params_shape(image_shape)), (None, *image_shape))
    for i, weight in enumerate(family.trainable_variables):
        weight.assign_add(spread * seeds.batch_normal(i, 1, weight.shape)[0])
    return family


def parameters(family, batch, seed=0):
    """Conditions [B, h, w, K], standard normal."""
    return seeds.batch_normal(seed, batch, family.params_shape(family.image_shape))


def uniform_noise(family, batch, seed=0):
    """What `family.sample` takes."""
    return seeds.batch_uniform(seed, batch, family.noise_shape(family.image_shape))


def draw(family, outputs, noise):
    """A pixel [B, C] from the network's outputs for it [B, ...] and its noise [B, N].

    If colours depend on each other, a colour is right only if the image behind the outputs has the
    earlier colours.
    """
    parts = (tf.split(tensor, family.colours, axis=-1) for tensor in (outputs, noise))
    return tf.concat([family.draw(*part) for part in zip(*parts, strict=True)], axis=-1)


def naive_sample(family, params, noise):
    """The image of uniform noise, with one pass over the whole image for each step.

    Returns:
      numpy [B, H, W, C].
    """
    height, width, channels = family.image_shape

    # A graph divides by multiplying: the last bit of a level is another than without it.
    @tf.function
    def pixel(x, i, j):
        return draw(family, family.outputs(x, params)[:, i, j], noise[:, i, j])

    x = np.zeros([len(noise), height, width, channels], np.float32)
    for i, j in np.ndindex(height, width):
        for _ in range(family.colours):
            x[:, i, j] = pixel(tf.constant(x), tf.constant(i), tf.constant(j))
    return x

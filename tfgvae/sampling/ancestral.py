"""Ancestral sampling: z ~ p(z), x ~ p(x|z). Right where q(z) = p(z) (Prop. 3)."""

import tensorflow as tf

from tfgvae import seeds
from tfgvae.sampling.conditional import decode, draw_image


def draw_prior(model, rows):
    """z ~ p(z): [N, *latent_shape]; a row draws from fold_in(row, 0), as `encode` does."""
    return model.prior_from_noise(seeds.normal(seeds.fold_in(rows, 0), model.latent_shape))


def ancestral(model, label, rows, mean):
    """x [N, H, W, C] from row seeds [N]."""
    return decode(model, draw_prior(model, rows), label, rows, mean)


def ancestral_chain(model, label, rows, mean):
    """The image of every step of a sequential model, [N, T, H, W, C]: the columns of Figure 4.

    The last one is the image that `ancestral` gives for the same seeds.
    """
    x_rows = seeds.fold_in(rows, 1)
    chain = model.likelihood_chain(draw_prior(model, rows), label)
    return tf.stack([draw_image(model, params, x_rows, mean) for params in chain], axis=1)

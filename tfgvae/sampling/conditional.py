"""The two conditional draws that every sampler is made of: z ~ q(z|x) and x ~ p(x|z)."""

import tensorflow as tf

from tfgvae import seeds
from tfgvae.distributions.noise import from_noise


def draw_image(model, params, rows, mean):
    """x ~ P_params, or E[x|z] where `mean`: [N, H, W, C] from parameters [N, H, W, K]."""
    if mean:
        x = model.family.mean(params)
    else:
        noise = seeds.uniform(rows, model.family.noise_shape(model.image_shape))
        x = model.family.sample(params, noise)
    # Not every distribution keeps what is known of the shape, and a loop asks for it.
    return tf.ensure_shape(x, [None, *model.image_shape])


def draw_images(model, params, rows):
    """{"samples", "mean"}: both draws of `draw_image`; no mean where the family has none."""
    images = {"samples": draw_image(model, params, rows, mean=False)}
    if model.family.has_mean:
        images["mean"] = draw_image(model, params, rows, mean=True)
    return images


def draw_latent(model, q, rows):
    """z ~ q = q(z|x): [N, *latent_shape], from the stream LATENT of each row."""
    return from_noise(q, seeds.normal(seeds.fold_in(rows, seeds.LATENT), model.latent_shape))


def encode(model, x, rows):
    """z ~ q(z|x): [N, *latent_shape] for images [N, H, W, C]."""
    return draw_latent(model, model.posterior(x), rows)


def decode(model, z, label, rows, mean):
    """x ~ p(x|z): [N, H, W, C] for latents [N, *latent_shape], from the stream IMAGE."""
    return draw_image(model, model.likelihood(z, label), seeds.fold_in(rows, seeds.IMAGE), mean)


def reconstruct(model, x, label, rows, mean):
    """z ~ q(z|x), x' ~ p(x|z): one step of the Gibbs chain (Eq. 6)."""
    return decode(model, encode(model, x, rows), label, rows, mean)

"""The two conditional draws of every sampler: z ~ q(z|x) and x ~ p(x|z)."""

import tensorflow as tf

from tfgvae import seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.types import Distribution, Model, Tensor


def draw_image(model: Model, params: Tensor, rows: Tensor, mean: bool) -> Tensor:
    """x ~ P_params, or E[x|z] if `mean`: [N, H, W, C] from parameters [N, H, W, K]."""
    if mean:
        x = model.family.mean(params)
    else:
        noise = seeds.uniform(rows, model.family.noise_shape(model.image_shape))
        x = model.family.sample(params, noise)
    # Some distributions lose the static shape, and a loop needs it.
    return tf.ensure_shape(x, [None, *model.image_shape])


def draw_images(model: Model, params: Tensor, rows: Tensor) -> dict[str, Tensor]:
    """{"samples", "mean"}: both results of `draw_image`; no "mean" if the family has none."""
    images = {"samples": draw_image(model, params, rows, mean=False)}
    if model.family.has_mean:
        images["mean"] = draw_image(model, params, rows, mean=True)
    return images


def draw_latent(model: Model, q: Distribution, rows: Tensor) -> Tensor:
    """z ~ q = q(z|x): [N, *latent_shape], from the stream LATENT of each row."""
    return from_noise(q, seeds.normal(seeds.fold_in(rows, seeds.LATENT), model.noise_shape))


def encode(model: Model, x: Tensor, rows: Tensor) -> Tensor:
    """z ~ q(z|x): [N, *latent_shape] for images [N, H, W, C]."""
    return draw_latent(model, model.posterior(x), rows)


def encode_mean(model: Model, x: Tensor) -> Tensor:
    """E_q(z|x)[z]: [N, *latent_shape] for images [N, H, W, C].

    Raises:
      NotImplementedError: q(z|x) has no mean in closed form.
    """
    return model.posterior(x).mean()


def decode(model: Model, z: Tensor, label: Tensor, rows: Tensor, mean: bool) -> Tensor:
    """x ~ p(x|z): [N, H, W, C] for latents [N, *latent_shape], from the stream IMAGE."""
    return draw_image(model, model.likelihood(z, label), seeds.fold_in(rows, seeds.IMAGE), mean)


def reconstruct(model: Model, x: Tensor, label: Tensor, rows: Tensor, mean: bool) -> Tensor:
    """z ~ q(z|x), x' ~ p(x|z): one step of the Gibbs chain (Eq. 6)."""
    return decode(model, encode(model, x, rows), label, rows, mean)

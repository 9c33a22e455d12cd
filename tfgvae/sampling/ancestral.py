"""Ancestral sampling: z ~ p(z), x ~ p(x|z). Right where q(z) = p(z) (Prop. 3)."""

from tfgvae import seeds
from tfgvae.sampling.conditional import decode


def draw_prior(model, rows):
    """z ~ p(z): [N, *latent_shape]; the stream LATENT of each row, as in `encode`."""
    return model.prior_from_noise(
        seeds.normal(seeds.fold_in(rows, seeds.LATENT), model.latent_shape)
    )


def ancestral(model, label, rows, mean):
    """x [N, H, W, C] from row seeds [N]."""
    return decode(model, draw_prior(model, rows), label, rows, mean)


def ancestral_chain(model, label, rows):
    """Every image on the way of a model that generates in steps: the columns of Figure 4.

    The last one is the image that `ancestral` gives for the same seeds.

    Returns:
      {"samples", "mean"}: [N, number of images, H, W, C] each.
    """
    return model.chain(draw_prior(model, rows), label, seeds.fold_in(rows, seeds.IMAGE))

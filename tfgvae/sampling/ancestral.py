"""Ancestral sampling: z ~ p(z), x ~ p(x|z). Correct if q(z) = p(z) (Prop. 3)."""

from tfgvae import seeds
from tfgvae.sampling.conditional import decode
from tfgvae.types import Model, Tensor


def draw_prior(model: Model, rows: Tensor) -> Tensor:
    """z ~ p(z): [N, *latent_shape], from the stream LATENT of each row, as in `encode`."""
    return model.prior_from_noise(
        seeds.normal(seeds.fold_in(rows, seeds.LATENT), model.latent_shape)
    )


def ancestral(model: Model, label: Tensor, rows: Tensor, mean: bool) -> Tensor:
    """x [N, H, W, C] from row seeds [N]."""
    return decode(model, draw_prior(model, rows), label, rows, mean)


def ancestral_chain(model: Model, label: Tensor, rows: Tensor) -> dict[str, Tensor]:
    """Every image of a model that generates in steps: the columns of Figure 4.

    The last one is the image of `ancestral` for the same seeds.

    Returns:
      {"samples", "mean"}: [N, number of images, H, W, C] each.
    """
    return model.chain(draw_prior(model, rows), label, seeds.fold_in(rows, seeds.IMAGE))

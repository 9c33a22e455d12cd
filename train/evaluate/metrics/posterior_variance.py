"""sum_i Var_q(x|z)[x_i] at draws from the prior, or over the plane if z has two numbers."""

import matplotlib
import numpy as np

from tfgvae import seeds
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.posterior_variance import posterior_variance as estimator
from tfgvae.sampling.ancestral import draw_prior
from train import pictures
from train.evaluate.section import NotApplicable, Picture, Section

FEW = 10  # with fewer images in the mean its error bar is of no use
COLOURS = "viridis"
PIXELS = 24  # per side, for each point of the plane


def posterior_variance(context):
    """How much images with the same code z differ; a simple P shows this as blur."""
    context.require_pairs()
    if not context.has_posterior_density():
        raise NotApplicable("This model's q(z|x) has no density.")
    images = context.paired_images()
    plane = tuple(context.model.latent_shape) == (2,)
    if plane:
        z = pictures.plane_latents()
    else:
        rows = seeds.rows(context.seed_of("prior"), context.setting("num_points"))
        z = draw_prior(context.model, rows)
    found = estimator(context.model, images, z, progress=context.progress)
    where = "over the latent plane" if plane else "at draws from the prior"
    unit = "squared pixel units"
    section = Section()
    section.add(
        "total_variance",
        Estimate.of_mean(found.total, unit=unit),
        f"Sum over pixels of the variance of x given z, {where}.",
    )
    effective = Estimate.of_mean(found.effective_sample_size, unit="images")
    section.add("effective_sample_size", effective, "Images that share a z: the effective number.")
    spread = float(np.var(images, axis=0, dtype=np.float64).sum())
    section.add(
        "variance_of_data",
        Estimate(spread, unit=unit, count=len(images)),
        "The same for all images together: the value if z has no information.",
    )
    section.sentences.append(_sentence(found, spread, where, len(images)))
    if plane:
        section.pictures += _plane(context, found)
    return section


def _sentence(found, spread, where, count):
    points = "points of the latent plane" if "plane" in where else "draws of z from the prior"
    few = np.median(found.effective_sample_size) < FEW
    if few:
        return (
            f"At most {points}, fewer than {FEW} of the {count:,} images (by weight) share the "
            "code: too few to measure how much images with one code differ."
        )
    left = 100 * found.total.mean() / spread
    return (
        f"Images with the same code keep {left:.0f} % of the variance of all images ({where}). "
        "A decoder with independent pixels can show it only as blur or noise."
    )


def _plane(context, found):
    side = pictures.PLANE
    total = found.total.reshape(side, side)
    scaled = total / max(total.max(), 1e-12)
    colours = (255 * matplotlib.colormaps[COLOURS](scaled)[..., :3]).round().astype(np.uint8)
    heat = colours.repeat(PIXELS, axis=0).repeat(PIXELS, axis=1)
    decoded = pictures.plane(context.model, None, context.seed_of("plane"), None)
    mean = found.mean.reshape(side, side, *found.mean.shape[1:])
    lightest = f"{total.max():.3g}"
    return [
        Picture(
            "variance",
            f"Posterior variance over the plane of z (prior quantiles); yellow: {lightest}.",
            heat,
            "plane",
        ),
        Picture("decoded", "The model's decoded images there.", pictures.grid(decoded), "plane"),
        Picture("mean", "E_q(x|z)[x], the best possible images.", pictures.grid(mean), "plane"),
    ]

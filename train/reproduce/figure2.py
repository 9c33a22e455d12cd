"""Figure 2: blur is posterior variance (Prop. 4), on a plane of latents.

A VAE with z in R^2 and P = N(mu, I/2) is trained by the ELBO. The colour of the plane shows the sum
over pixels of Var_q(x|z)[x_i], with q(x|z) by importance weights over the training images. The
decoded images f(z) are drawn on it; blurred ones lie where the variance is high. The rank
correlation of blur and variance over draws z ~ p(z) measures this.
"""

import dataclasses
import math

import matplotlib.pyplot as plt
import numpy as np
import scipy.stats
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

import tfgvae
from tfgvae import seeds
from tfgvae.estimators.posterior_variance import posterior_variance
from tfgvae.estimators.sharpness import laplacian_variance
from train.reproduce.results import Claim, write

EXTENT = 2.5  # the plane is [-EXTENT, EXTENT]^2: 97.5 % of the prior's mass along each axis


@dataclasses.dataclass(frozen=True)
class Settings:
    """Sizes of the experiment.

    Attributes:
      training: the differences from the recipe vae2d.
      num_images: training images that represent p_data.
      resolution: points per side of the coloured plane.
      digits: decoded images per side.
      num_draws: draws of z ~ p(z) for the correlation.
    """

    training: dict
    num_images: int = 60000
    resolution: int = 60
    digits: int = 15
    num_draws: int = 1000


SETTINGS = {
    "quick": Settings({"train.steps": 3000, "train.checkpoint_every": 1000}, num_images=20000),
    "paper": Settings({"train.steps": 60000, "train.schedule": "cosine"}),
}


def square(side):
    """The points of a square lattice, row by row from the top: [side * side, 2] float32."""
    axis = np.linspace(-EXTENT, EXTENT, side, dtype=np.float32)
    up, right = np.meshgrid(axis[::-1], axis, indexing="ij")
    return np.stack([right, up], axis=-1).reshape(-1, 2)


def rank_correlation(a, b):
    """Spearman's rho of n independent pairs, and its standard error.

    The error is sqrt(1.06 / (n - 3)) (1 - rho^2): the error of atanh(rho), by Fieller, Hartley and
    Pearson 1957, times the derivative of tanh.
    """
    rho = float(scipy.stats.spearmanr(a, b).statistic)
    return rho, math.sqrt(1.06 / (len(a) - 3)) * (1 - rho**2)


def blur(images):
    """log (variance of the pixels / variance of the Laplacian): higher is blurrier, [N].

    Halving an image's contrast or its ink does not change it.
    """
    contrast = images.var(axis=(1, 2)).mean(axis=-1)
    return np.log((contrast + 1e-12) / (laplacian_variance(images) + 1e-12))


def draw(plane, decoded, settings):
    """The figure: variance as colour, decoded images over it."""
    figure, panel = plt.subplots(figsize=(9, 8), layout="constrained")
    side = settings.resolution
    shown = panel.imshow(
        plane.reshape(side, side), extent=[-EXTENT, EXTENT] * 2, cmap="viridis", origin="upper"
    )
    figure.colorbar(shown, label="sum of the pixels' variances under q(x|z)")
    zoom = 340 / (settings.digits * decoded.shape[1])
    for z, image in zip(square(settings.digits) * 0.94, decoded, strict=True):
        # Ink is opaque; the background is transparent and shows the colour.
        ink = np.clip(image.mean(axis=-1), 0, 1)
        pixels = np.dstack([np.ones_like(ink)] * 3 + [ink])
        panel.add_artist(AnnotationBbox(OffsetImage(pixels, zoom=zoom), z, frameon=False))
    panel.set(xlabel="z_1", ylabel="z_2", title="Posterior variance, and E[x|z] over it")
    return figure


def run(context, settings):
    """Train, measure, draw, write figure2.*."""
    folder = context.train("figure2", "vae2d", settings.training)
    model = tfgvae.load(folder)
    images = context.images(folder, "train", settings.num_images)
    plane = posterior_variance(model, images, square(settings.resolution))
    decoded = model.decode(square(settings.digits) * 0.94, mean=True).numpy()

    rows = seeds.rows(seeds.fold_in(context.seed, 2), settings.num_draws)
    z = seeds.normal(rows, model.latent_shape).numpy()
    at_draws = posterior_variance(model, images, z)
    f = model.decode(z, mean=True).numpy()
    rho, error = rank_correlation(at_draws.total, blur(f))
    distance = np.square(f - at_draws.mean).sum(axis=(1, 2, 3))
    claims = [
        Claim(
            "fuzzy digits lie where the posterior variance is high",
            f"rank correlation of variance and blur over {len(z)} draws z ~ p(z): "
            f"{rho:.2f} +- {error:.2f}",
            rho > 3 * error,
        ),
        Claim(
            "the optimal f(z) is E_q(x|z)[x] (Prop. 4)",
            f"|f(z) - E_q(x|z)[x]|^2 is {distance.mean():.2f}, the variance is "
            f"{at_draws.total.mean():.2f} (means over z ~ p(z)); median effective sample size of "
            f"the weights: {np.median(at_draws.effective_sample_size):.0f} images",
            bool(distance.mean() < 0.25 * at_draws.total.mean()),
        ),
    ]
    points = [
        {"z_1": p[0], "z_2": p[1], "variance": v, "effective_sample_size": n}
        for p, v, n in zip(
            square(settings.resolution), plane.total, plane.effective_sample_size, strict=True
        )
    ]
    figure = draw(plane.total, decoded, settings)
    numbers = {"rank_correlation": {"value": rho, "standard_error": error}}
    write(context, "figure2", figure, settings, points, claims, numbers)

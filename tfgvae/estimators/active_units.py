"""A_d = Var_x(E_q(z|x)[z_d]) and how many latent dimensions have A_d > 0.01 (Burda et al. 2016)."""

import dataclasses
import math

import numpy as np

from tfgvae import checks
from tfgvae.estimators import batching
from tfgvae.estimators.estimate import Estimate
from tfgvae.types import Images, Model, Progress


@dataclasses.dataclass(frozen=True)
class ActiveUnits:
    """The result of active_units.

    Attributes:
      covariance: A [Z...], the shape of the latents; unbiased.
      standard_error: of each A_d, [Z...].
      active: bool [Z...], A_d > threshold.
      count: the number of active dimensions.
    """

    covariance: np.ndarray
    standard_error: np.ndarray
    active: np.ndarray
    count: Estimate


def active_units(
    model: Model,
    images: Images,
    threshold: float = 0.01,
    batch_size: int = 500,
    progress: Progress = None,
) -> ActiveUnits:
    """Var_x(E_q(z|x)[z_d]) of each latent dimension, and the number above `threshold`.

    A dimension that ignores the image has the same mean for all images. The means are exact, not
    estimated from draws.

    The standard error of A_d is that of a variance of N independent values, from their fourth
    moment: Var A_d = (m_4 - A_d^2 (N - 3) / (N - 1)) / N. The standard error of the count is
    sqrt(sum_d p_d (1 - p_d)), where p_d is the probability that A_d with a normal error lies above
    the threshold. The dimensions are assumed independent.

    Args:
      model: a latent variable model.
      images: [N, H, W, C] in [0, 1], N >= 2, an Images of tfgvae.types.
      threshold: > 0.
      batch_size: images encoded at a time.
      progress: None, or called as progress(done, total) in images.

    Raises:
      ValueError: images that the model refuses, fewer than 2 of them, a number out of range, or a
        q(z|x) without a mean.
    """
    threshold = checks.real("threshold", threshold, above=0)
    x = batching.model_images(model, images, least=2)
    count = x.shape[0]
    shift, sums = None, np.zeros([4, *model.latent_shape])
    for part in batching.batches(count, batch_size):
        means = _means(model.posterior(x[part]))
        # Subtracting the mean of the first batch keeps rounding from destroying the variance.
        shift = means.mean(0) if shift is None else shift
        sums = sums + np.stack([((means - shift) ** power).sum(0) for power in range(1, 5)])
        batching.report(progress, part.stop, count)
    first, second, third, fourth = sums / count
    covariance = (second - first**2) * count / (count - 1)
    moment = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    variance = (moment - covariance**2 * (count - 3) / (count - 1)) / count
    error = np.sqrt(np.maximum(variance, 0.0))
    active = covariance > threshold
    return ActiveUnits(
        covariance, error, active, _count(covariance, error, active, threshold, count)
    )


def _means(q):
    try:
        return q.mean().numpy().astype(np.float64)
    except NotImplementedError as error:
        raise ValueError(
            f"active_units needs E_q(z|x)[z], which this q has not: {error}"
        ) from error


def _count(covariance, error, active, threshold, count):
    from scipy.stats import norm  # Slow to import, and only needed here.

    with np.errstate(divide="ignore", invalid="ignore"):
        above = norm.cdf((covariance - threshold) / error)
    above = np.where(error > 0, above, active)
    spread = math.sqrt((above * (1 - above)).sum())
    return Estimate(float(active.sum()), spread, unit="units", count=count)

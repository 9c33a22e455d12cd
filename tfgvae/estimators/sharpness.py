"""Sharpness: the variance of an image's Laplacian, and its power in the top octave.

    laplacian  l = x[i-1, j] + x[i+1, j] + x[i, j-1] + x[i, j+1] - 4 x[i, j]   at interior pixels
    variance   Var_{ij}[l]  (Pech-Pacheco et al. 2000)

    spectrum   P(f) = |DFT(x - mean x)(f)|^2 / (H W)^2, so that sum_f P(f) = Var_{ij}[x] (Parseval)
    power      sum of P(f) over frequencies with max(|f_row|, |f_column|) >= 1/4 cycles per pixel

The Nyquist frequency is 1/2, so that this is the octave below it. With the maximum norm, the
octaves cover all frequencies of a DFT. Blur lowers both numbers and noise raises both: a good value
is near that of the data, not a large one. The DFT treats an image as periodic: a jump between
opposite edges counts as detail, in samples and in data.
"""

import dataclasses

import numpy as np

from tfgvae.estimators.batching import batches
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.gathering import gathered
from tfgvae.types import Images

_BATCH = 512  # Bounds the memory of the spectra.


@dataclasses.dataclass(frozen=True)
class Sharpness:
    """Means over images, with their standard errors.

    Attributes:
      laplacian_variance: in squared pixel units.
      top_octave_power: in squared pixel units.
      top_octave_share: of the power over all frequencies except 0, from 0 to 1; 0 for an image
        without contrast.
    """

    laplacian_variance: Estimate
    top_octave_power: Estimate
    top_octave_share: Estimate


def _checked(images):
    images = np.asarray(gathered(images)[0])
    if images.ndim != 4 or len(images) == 0 or min(images.shape[1:3]) < 3:
        raise ValueError(f"expected images [N, H, W, C], H and W >= 3, got shape {images.shape}")
    if not np.isfinite(images).all():
        raise ValueError("expected finite pixels, got NaN or infinity")
    return images


def laplacian_variance(images: Images) -> np.ndarray:
    """Var[l] of each image, the mean over its channels: [N] from [N, H, W, C].

    Raises:
      ValueError: another shape, sides below 3, pixels that are not finite.
    """
    x = _checked(images).astype(np.float64)
    vertical = x[:, :-2, 1:-1] + x[:, 2:, 1:-1]
    horizontal = x[:, 1:-1, :-2] + x[:, 1:-1, 2:]
    laplacian = vertical + horizontal - 4 * x[:, 1:-1, 1:-1]
    return laplacian.var(axis=(1, 2)).mean(axis=-1)


def octave_power(images: Images) -> tuple[np.ndarray, np.ndarray]:
    """(power in the top octave, total power), means over channels: [N] each.

    Raises:
      ValueError: as in laplacian_variance.
    """
    x = _checked(images).astype(np.float64)
    _, height, width, _ = x.shape
    spectrum = np.fft.fft2(x - x.mean(axis=(1, 2), keepdims=True), axes=(1, 2))
    power = np.square(np.abs(spectrum) / (height * width)).mean(axis=-1)  # [N, H, W]
    rows, columns = np.abs(np.fft.fftfreq(height)), np.abs(np.fft.fftfreq(width))
    top = np.maximum(rows[:, None], columns[None, :]) >= 0.25
    return power[:, top].sum(axis=-1), power.sum(axis=(1, 2))


def sharpness(images: Images) -> Sharpness:
    """Sharpness of images [N, H, W, C], an Images of tfgvae.types.

    Standard errors assume independent images.

    Raises:
      ValueError: another shape, no images, sides below 3, pixels that are not finite.
    """
    images = _checked(images)
    parts = []
    for part in batches(len(images), _BATCH):
        batch = images[part]
        top, total = octave_power(batch)
        # Rounding gives an image without contrast a little power; its share would be random.
        flat = np.ptp(batch, axis=(1, 2)).max(axis=-1) == 0
        share = np.divide(top, total, out=np.zeros_like(top), where=~flat & (total > 0))
        parts.append([laplacian_variance(batch), top, share])
    laplacian, top, share = np.concatenate(parts, axis=1)
    unit = "squared pixel units"
    return Sharpness(
        Estimate.of_mean(laplacian, unit=unit),
        Estimate.of_mean(top, unit=unit),
        Estimate.of_mean(share, unit=""),
    )

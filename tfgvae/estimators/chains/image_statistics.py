"""A few numbers per image, to describe a chain of images.

intensity             the mean pixel
contrast              the standard deviation of the pixels
laplacian_variance    as in estimators.sharpness
row, column           the centre of intensity, from 0 to 1 along the height and the width
"""

import numpy as np

from tfgvae.estimators.sharpness import laplacian_variance
from tfgvae.types import Array


def _centre(axis):
    """The centre of intensity along an axis, from 0 to 1; 1/2 for a black image."""

    def centre(images):
        marginal = images.sum(axis=tuple({1, 2, 3} - {axis}))
        total = marginal.sum(axis=-1)
        moment = marginal @ np.linspace(0, 1, images.shape[axis])
        return np.divide(moment, total, out=np.full_like(moment, 0.5), where=total > 0)

    return centre


# name -> a function of images float64 [N, H, W, C], giving [N].
IMAGE_STATISTICS = {
    "intensity": lambda images: images.mean(axis=(1, 2, 3)),
    "contrast": lambda images: images.std(axis=(1, 2, 3)),
    "laplacian_variance": laplacian_variance,
    "row": _centre(1),
    "column": _centre(2),
}


def image_statistics(images: Array) -> np.ndarray:
    """IMAGE_STATISTICS of a chain's images: [num_steps, num_chains, S] from [.., .., H, W, C].

    Raises:
      ValueError: another shape.
    """
    images = np.asarray(images)
    if images.ndim != 5:
        raise ValueError(
            f"expected images [num_steps, num_chains, H, W, C], got shape {images.shape}"
        )
    steps = [step.astype(np.float64) for step in images]
    return np.array([np.stack([f(x) for f in IMAGE_STATISTICS.values()], -1) for x in steps])

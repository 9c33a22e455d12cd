"""Compare x with its reconstruction x' = E[x|z], z ~ q(z|x)."""

import numpy as np

from tfgvae.estimators.estimate import Estimate
from train import pictures
from train.evaluate.section import Picture, Section

ROWS = 2  # pairs of rows of the picture


def _reconstructed(context, images):
    labels, rows = context.labels(), context.rows("reconstruction", len(images))
    mean = context.model.family.has_mean

    def reconstruct(start, end):
        given = {} if labels is None else {"label": labels[start:end]}
        return context.model.reconstruct(images[start:end], rows[start:end], mean=mean, **given)

    return context.mapped(reconstruct, len(images))


def reconstruction(context):
    """How far a test image is from its reconstruction from the code z."""
    context.require_latents()
    images = context.images()
    found = _reconstructed(context, images)
    squared = np.mean((images.astype(np.float64) - found) ** 2, axis=(1, 2, 3))
    section = Section()
    section.add(
        "squared_error",
        Estimate.of_mean(squared, unit="per sub-pixel"),
        "Mean squared difference between an image in [0, 1] and its reconstruction.",
    )
    # The best reconstruction without any information about the image.
    constant = np.mean((images - images.mean(axis=0, dtype=np.float64)) ** 2, axis=(1, 2, 3))
    section.add(
        "variance_of_data",
        Estimate.of_mean(constant, unit="per sub-pixel"),
        "The same with the mean image as every reconstruction; a useful code has less.",
    )
    if constant.mean() > 0:
        share = squared.mean() / constant.mean()
        section.sentences.append(_sentence(share, context.model.family.has_mean))
    what = "E[x|z]" if context.model.family.has_mean else "a draw x ~ p(x|z)"
    section.pictures.append(
        Picture(
            "pairs",
            f"Test images, and below each its reconstruction: {what}, z ~ q(z|x).",
            _pairs(images, found, context.setting("grid")),
        )
    )
    return section


def _sentence(share, is_mean):
    """A sentence about the squared error as a share of the variance of the data."""
    if is_mean:
        return (
            f"A reconstruction from z keeps {100 * max(0.0, 1 - share):.0f} % of the difference "
            "between a test image and the mean image (by squared error)."
        )
    # Two images drawn independently differ by twice the variance.
    return (
        f"A test image and a new image drawn from its code z differ {100 * share / 2:.0f} % as "
        "much as two unrelated test images (by squared error)."
    )


def _pairs(images, found, columns):
    """Rows of images, each above the row of their reconstructions."""
    columns = min(columns, max(1, len(images) // ROWS))
    shown = min(ROWS, len(images) // columns)
    pairs = [
        part[row * columns : (row + 1) * columns]
        for row in range(shown)
        for part in (images, found)
    ]
    return pictures.grid(np.stack(pairs))

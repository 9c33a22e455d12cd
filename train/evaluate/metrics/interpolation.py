"""Images between two codes, and images of a code with one coordinate changed."""

import numpy as np

from tfgvae.estimators.estimate import Estimate
from train import pictures, traversals
from train.evaluate.section import NotApplicable, Picture, Section


def _pairs(context):
    """Neighbouring test images: x_a, x_b and the label argument of each."""
    images, labels = context.images(), context.labels()
    half = len(images) // 2
    ends = images[:half], images[half : 2 * half]
    return ends, {} if labels is None else {"label": labels[:half]}


def _paths(context, num_steps, pairs, mode="linear"):
    """Paths between the first `pairs` pairs: numpy [pairs, num_steps, H, W, C]."""
    (x_a, x_b), labels = _pairs(context)
    rows, mean = context.rows("interpolation", len(x_a)), context.model.family.has_mean

    def between(start, end):
        part = slice(start, end)
        given = {name: value[part] for name, value in labels.items()}
        return context.model.interpolate(
            x_a[part], x_b[part], num_steps, mode, seed=rows[part], mean=mean, **given
        )

    return context.mapped(between, min(pairs, len(x_a)))


def interpolation(context):
    """What lies between the codes of two images, and what single coordinates of z do."""
    context.require_latents()
    model = context.model
    if not model.has_codes:
        raise NotApplicable("Here z is a chain of images: between two chains lie mixed pixels.")
    section, side = Section(), context.setting("grid")
    if model.family.has_mean:
        _add_number(section, context)
    for mode in ("linear", "spherical"):
        drawn = _paths(context, side, side, mode)
        section.pictures.append(Picture(mode, _CAPTIONS[mode], pictures.grid(drawn), "paths"))
    batch = {"image": context.images()[: max(side, 2)]}
    if model.num_classes:
        batch["label"] = context.labels()[: len(batch["image"])]
    drawn = traversals.traversed(model, batch, side, context.seed_of("traversal"))
    caption = (
        "The first test image with one coordinate of z changed, from 3 standard deviations below "
        "to 3 above its mean over these images: one coordinate per row, those that change the "
        "image most; without a mean of p(x|z), those that differ most."
    )
    section.pictures.append(Picture("traversal", caption, pictures.grid(drawn), "traversal"))
    return section


_CAPTIONS = {
    "linear": "Between the codes of two test images, one pair per row: the straight line.",
    "spherical": "The same along an arc, which does not pass nearer to the origin.",
}


def _add_number(section, context):
    """How far the middle image is from the average of the two ends."""
    found = _paths(context, 3, len(context.images()) // 2).astype(np.float64)
    first, middle, last = found[:, 0], found[:, 1], found[:, 2]
    axes = (1, 2, 3)
    from_fade = np.mean((middle - (first + last) / 2) ** 2, axes)
    apart = np.mean((first - last) ** 2, axes)
    section.add(
        "middle_from_fade",
        Estimate.of_mean(from_fade, unit="per sub-pixel"),
        "Mean squared difference between the image half way between two codes and the average of "
        "the images of the two codes; 0 if the path is a cross-fade.",
    )
    if apart.mean() > 0:
        share = 100 * from_fade.mean() / apart.mean()
        section.sentences.append(
            f"Half way between two codes, the image differs from a cross-fade of both ends by "
            f"{share:.0f} % of what the ends differ (by squared error)."
        )

"""Grids of samples: both ways of sampling side by side, and chains step by step."""

import numpy as np

from tfgvae import seeds
from tfgvae.sampling import gibbs
from train import pictures
from train.evaluate.section import Picture, Section

COLUMNS = 8  # steps of a chain in a picture, next to its start


def shown_steps(num_steps, most=COLUMNS):
    """At most `most` of the steps 1 .. num_steps, with the first and the last, counted from 0."""
    ideal = np.geomspace(1, num_steps, most)
    return sorted({round(step) - 1 for step in ideal})


def square(images, side):
    """The first images [N, H, W, C] as a square grid [S, S, H, W, C], S <= side."""
    side = min(side, int(len(images) ** 0.5))
    return images[: side * side].reshape(side, side, *images.shape[1:])


def _chains(context, start, side):
    """Gibbs chains, one per row of a picture, from noise or from the first test images."""
    model, rows = context.model, context.rows("picture", side)
    given = context.label_argument(side)
    if start == "noise":
        images = gibbs.noise_image(model, seeds.fold_in(rows, seeds.START)).numpy()
    else:
        images = context.images()[:side]
        if model.num_classes:
            given["label"] = context.labels()[:side]
    steps, mean = context.setting("chain_steps"), context.setting("mean")
    chain = model.gibbs_sample(
        images, num_steps=steps, seed=rows, mean=mean, return_chain=True, **given
    )
    shown = chain.numpy()[:, shown_steps(steps)]
    return np.concatenate([images[:, None], shown], axis=1)


def samples(context):
    """Samples of the model: independent ones, and chains that alternate between z and x."""
    section = Section()
    side, steps = context.setting("grid"), context.setting("chain_steps")
    what = "E[x|z]" if context.setting("mean") else "draws x ~ p(x|z)"
    names = {
        "ancestral": f"Ancestral samples: z ~ p(z), then {what}.",
        "gibbs": f"Gibbs samples: {what} after {steps} steps of the chain, started from noise.",
        "data": "Data: the first test images.",
    }
    for kind, caption in names.items():
        images = context.images() if kind == "data" else context.samples(kind)
        grid = pictures.grid(square(images, side))
        section.pictures.append(Picture(kind, caption, grid, "samples"))
    if context.setting("mean"):
        section.notes.append(
            "With E[x|z] instead of draws the chain has no noise in x, so it is not the chain of "
            "Eq. 6. --mean=no shows samples of that chain."
        )
    side = min(side, len(context.images()))
    shown = ", ".join(str(step + 1) for step in shown_steps(steps))
    for start in ("noise", "data"):
        caption = f"Gibbs chains from {start}, one per row: the start, then after steps {shown}."
        grid = pictures.grid(_chains(context, start, side))
        section.pictures.append(Picture(f"chain-{start}", caption, grid, "chains"))
    return section

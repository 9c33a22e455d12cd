"""Grids of samples: both ways of sampling side by side, and chains step by step."""

import numpy as np

from train import pictures
from train.evaluate.section import Picture, Section

COLUMNS = 8  # steps of a chain that a picture shows


def shown_steps(num_steps):
    """At most COLUMNS steps of 1 .. num_steps, the first and the last among them, as 0, 1, ..."""
    ideal = np.geomspace(1, num_steps, COLUMNS)
    return sorted({round(step) - 1 for step in ideal})


def square(images, side):
    """The first images [N, H, W, C] as a square grid [S, S, H, W, C], S <= side."""
    side = min(side, int(len(images) ** 0.5))
    return images[: side * side].reshape(side, side, *images.shape[1:])


def _chains(context, start, side):
    """Gibbs chains as rows of a picture, from noise or from the first test images."""
    given = {
        "num_steps": context.setting("chain_steps"),
        "seed": context.rows("picture", side),
        "mean": context.setting("mean"),
        "return_chain": True,
        **context.label_argument(side),
    }
    if start == "data":
        images = context.images()[:side]
        if context.model.num_classes:
            given["label"] = context.labels()[:side]
        chain = context.model.gibbs_sample(images, **given).numpy()
    else:
        chain = context.model.gibbs_sample(num_samples=side, **given).numpy()
    chain = chain[:, shown_steps(chain.shape[1])]
    return np.concatenate([images[:, None], chain], axis=1) if start == "data" else chain


def samples(context):
    """What the model draws: independent samples, and chains that alternate between z and x."""
    section = Section()
    side, steps = context.setting("grid"), context.setting("chain_steps")
    what = "E[x|z]" if context.setting("mean") else "draws x ~ p(x|z)"
    names = {
        "data": "Data: the first test images.",
        "ancestral": f"Ancestral samples: z ~ p(z), then {what}.",
        "gibbs": f"Gibbs samples: {what} after {steps} steps of the chain, started from noise.",
    }
    for kind, caption in names.items():
        images = context.images() if kind == "data" else context.samples(kind)
        grid = pictures.grid(square(images, side))
        section.pictures.append(Picture(kind, caption, grid, "samples"))
    side = min(side, len(context.images()))
    shown = ", ".join(str(step + 1) for step in shown_steps(steps))
    for start in ("noise", "data"):
        caption = f"Gibbs chains from {start}, one a row, after steps {shown}."
        if start == "data":
            caption += " The first column is the data."
        grid = pictures.grid(_chains(context, start, side))
        section.pictures.append(Picture(f"chain-{start}", caption, grid, "chains"))
    return section

"""R = 0: for which q does the Gibbs chain arrive at the data? The settings of the authors' code.

Their q has two latents and a floor of 0.01 under its deviation, and their pictures show 5 steps
from uniform noise. The cells of the table are latents x floor x corruption, and walkback for the
authors' floor. Each cell has Frechet distances of the chain by step, from noise and from data.
"""

import dataclasses
import itertools

import matplotlib.pyplot as plt
import numpy as np

from train.reproduce import preference
from train.reproduce.preference import sampler
from train.reproduce.results import Claim, show_grid, write

RECIPE = "pixelvae_authors"
COLOURS = plt.get_cmap("tab20")


@dataclasses.dataclass(frozen=True)
class Settings:
    """Sizes of the experiment.

    Attributes:
      training: the differences from the recipe pixelvae_authors.
      num_samples: images for each Frechet distance.
      num_chains: images that are drawn for each cell.
      chain_steps: lengths of the chain.
      classifier_steps: training steps of the classifier for the Frechet distances.
      latents, floors, corruptions: the values of the grid.
      walkback: k, the steps of walkback in the cells that have it.
    """

    training: dict
    num_samples: int = 512
    num_chains: int = 8
    chain_steps: tuple = (1, 5, 20, 100)
    classifier_steps: int = 2000
    latents: tuple = (2, 20)
    floors: tuple = (0.01, 0.1)
    corruptions: tuple = ("none", "pixels")
    walkback: int = 3


SMALL = {"data.image_size": 14, "family.num_blocks": 4, "mapping.width": 16}
SETTINGS = {
    "quick": Settings({**SMALL, "train.steps": 1000, "train.checkpoint_every": 500}),
    "paper": Settings(
        {"train.steps": 8000, "train.checkpoint_every": 4000},
        num_samples=5000,
        latents=(2, 8, 20),
        floors=(0.001, 0.01, 0.1),
    ),
}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One run: its place in the table."""

    latents: int
    floor: float
    corruption: str
    walkback: int = 0

    def __str__(self):
        walked = f", walkback {self.walkback}" if self.walkback else ""
        return f"{self.latents} latents, floor {self.floor:g}, {self.corruption}{walked}"

    def overrides(self):
        """Its differences from the recipe."""
        made = {"model.latent_dim": self.latents, "inference.min_stddev": self.floor}
        if self.corruption != "none":
            made["corruption.name"] = self.corruption
        if self.walkback:
            made["model.walkback"] = self.walkback
        return made


def cells(settings):
    """The grid, and with the first floor the cells with walkback."""
    grid = itertools.product(settings.latents, settings.floors, settings.corruptions)
    walked = itertools.product(settings.latents, settings.floors[:1], settings.corruptions)
    return [
        *(Cell(*values) for values in grid),
        *(Cell(*values, walkback=settings.walkback) for values in walked),
    ]


def measured(context, folder, settings):
    """({sampler: images}, {sampler: Frechet distance}) of a run."""
    drawn = preference.samples(context, folder, settings, settings.chain_steps)
    return drawn, preference.distances(context, folder, drawn, settings)


def claims(found, settings):
    """What a corruption, walkback and a larger floor do to the end of the chain from noise."""
    last = sampler(settings.chain_steps[-1], "noise")
    ends = {cell: distances[last].value for cell, distances in found.items()}
    floor = settings.floors[-1]

    def compared(sentence, changes, of):
        pairs = [(cell, dataclasses.replace(cell, **changes)) for cell in ends if of(cell)]
        told = "; ".join(f"{a}: {ends[a]:.1f}, then {ends[b]:.1f}" for a, b in pairs)
        better = all(ends[b] < ends[a] for a, b in pairs)
        return Claim(sentence, f"Frechet distance, {last}: {told}", better)

    damage = next(name for name in settings.corruptions if name != "none")
    first = settings.floors[0]
    return [
        compared(
            "a corrupted q brings the chain from noise nearer to the data, in every cell",
            {"corruption": damage},
            lambda cell: (cell.corruption, cell.walkback) == ("none", 0),
        ),
        compared(
            "a larger floor does so without a corruption",
            {"floor": floor},
            lambda cell: (cell.floor, cell.corruption, cell.walkback) == (first, "none", 0),
        ),
        compared(
            "walkback does so without a corruption",
            {"walkback": settings.walkback},
            lambda cell: (cell.floor, cell.corruption, cell.walkback) == (first, "none", 0),
        ),
        compared(
            "walkback adds to the corruption",
            {"walkback": settings.walkback},
            lambda cell: (cell.floor, cell.walkback) == (first, 0) and cell.corruption != "none",
        ),
    ]


def draw(found, drawn, settings):
    """Distances by step, from noise (lines) and from data (dashes); images of the chain."""
    lengths = settings.chain_steps
    figure = plt.figure(figsize=(15, 1 + 0.6 * len(found)), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.5, 1])
    shown = sorted({lengths[min(1, len(lengths) - 1)], lengths[-1]})
    for panel, steps in zip(left.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        name = sampler(steps, "noise")
        rows = np.stack([drawn[cell][name][: settings.num_chains] for cell in found])
        show_grid(panel, rows, name)
        for row in range(len(found)):
            place = (-0.01, 1 - (row + 0.5) / len(found))
            panel.annotate(row + 1, place, xycoords="axes fraction", ha="right", va="center")
    panel = right.subplots()
    for row, (cell, distances) in enumerate(found.items()):
        for start, style in (("noise", "-"), ("data", ":")):
            values = [distances[sampler(n, start)].value for n in lengths]
            label = f"{row + 1}: {cell}" if start == "noise" else None
            panel.plot(lengths, values, style, marker=".", color=COLOURS(row), label=label)
    panel.set(xscale="log", yscale="log", xlabel="chain step", ylabel="Frechet distance")
    panel.grid(alpha=0.3)
    panel.legend(
        title="rows of the grids; lines from noise, dots from data",
        fontsize=8,
        title_fontsize=8,
        ncols=2,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.1),
    )
    return figure


def run(context, settings):
    """Train the cells, measure them, draw, write chains.*."""
    context.require_labels(RECIPE)
    found, drawn, rows = {}, {}, []
    for cell in cells(settings):
        name = "chains-" + str(cell).replace(", ", "-").replace(" ", "")
        folder = context.train(name, RECIPE, {**settings.training, **cell.overrides()})
        drawn[cell], found[cell] = measured(context, folder, settings)
        rows.append({**dataclasses.asdict(cell), **found[cell]})
        context.say(f"{cell}: {preference.told(found[cell])}")
    write(context, "chains", draw(found, drawn, settings), settings, rows, claims(found, settings))

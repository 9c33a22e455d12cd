"""Figure 4: samples of the sequential VAE by step, and measures of each step.

Three runs: the recipe, the greedy training of the authors' code, and one step with the same total
latent size and more training steps, each of which costs less.
"""

import dataclasses
import itertools
import textwrap

import matplotlib.pyplot as plt

import tfgvae
from tfgvae import seeds
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.sharpness import laplacian_variance
from train.reproduce import by_step
from train.reproduce.results import Claim, show_grid, write

TITLES = {
    "default": "the recipe",
    "greedy": "greedy training, as in the authors' code",
    "single": "one step, same total latent size",
}
# The differences of each run from the recipe.
VARIANTS = {
    "default": {},
    "greedy": {"model.training": "greedy", "model.step_prior": "normal"},
    "single": {"model.single": True},
}
MEASURES = {
    "squared_error": "squared error",
    "laplacian_variance": "sharpness",
    "frechet_distance": "Frechet distance",
    "posterior_variance": "posterior variance",
}


@dataclasses.dataclass(frozen=True)
class Settings:
    """Sizes of the experiment.

    Attributes:
      training: the differences from the recipe seqvae.
      single_steps: training steps of the single step; None for no such run.
      num_images: test images for the error; samples for the sharpness and the Frechet distance.
      num_data: training images that represent p_data in the posterior variance.
      num_draws: how many of them give the codes of the average posterior variance.
      columns: rows of the picture for each run.
      classifier_steps: training steps of the classifier for the Frechet distances, which data with
        labels have.
    """

    training: dict
    single_steps: int | None = None
    num_images: int = 1000
    num_data: int = 10000
    num_draws: int = 1000
    columns: int = 8
    classifier_steps: int = 2000


SETTINGS = {
    "quick": Settings(
        {
            "data.name": "mnist",
            "model.width": 8,
            "model.latent_dim": 6,
            "model.anneal_steps": 800.0,
            "family.scale": 0.15,
            "regularizer.schedule_steps": 500.0,
            "train.steps": 2250,
            "train.batch_size": 100,
            "train.checkpoint_every": 750,
        },
        single_steps=11250,
    ),
    # The authors' network has 160 million parameters. Use --dataset for their CelebA and LSUN.
    "paper": Settings(
        {
            "data.name": "scenes64",
            "model.num_steps": 8,
            "model.latent_dim": 40,
            "model.width": 48,
            "model.dense": (512,),
            "model.anneal_steps": 35000.0,
            "family.scale": 0.0884,
            "regularizer.schedule_steps": 10000.0,
            "train.steps": 100000,
            "train.batch_size": 100,
            "train.learning_rate": 2e-4,
            "train.schedule": "constant",
            "train.checkpoint_every": 5000,
        }
    ),
}


def train(context, settings):
    """Train the runs: {variant: folder}."""
    folders = {}
    for variant, changes in VARIANTS.items():
        overrides = {**settings.training, **changes}
        if variant == "single":
            if settings.single_steps is None:
                continue
            overrides["train.steps"] = settings.single_steps
        folders[variant] = context.train(f"figure4-{variant}", "seqvae", overrides)
    return folders


def falls(estimates):
    """Whether each Estimate of a list is smaller than the one before it."""
    values = [estimate.value for estimate in estimates]
    return all(b < a for a, b in itertools.pairwise(values))


def listed(estimates):
    """Estimates as "16.3 +- 0.1, 9.6 +- 0.1"."""
    return ", ".join(str(estimate).strip() for estimate in estimates)


def claims(found, data_sharpness):
    """The figure's claims and the measured values.

    Args:
      found: {variant: rows of by_step.measure}.
      data_sharpness: an Estimate.
    """
    columns = {
        variant: {name: [row[name] for row in rows] for name in rows[0]}
        for variant, rows in found.items()
    }
    own, greedy = columns["default"], columns["greedy"]
    sharpness = own["laplacian_variance"]
    rises = all(b.value > a.value for a, b in itertools.pairwise(sharpness))
    made = [
        Claim(
            "each step's samples are sharper than those of the step before",
            f"variance of the Laplacian by step: {listed(sharpness)}; greedy: "
            f"{listed(greedy['laplacian_variance'])}; data {data_sharpness}",
            rises,
        ),
        Claim(
            "the expected posterior variance falls with t (Prop. 5)",
            f"greedy, on the empirical distribution: {listed(greedy['posterior_variance'])}; "
            "squared error on test images, an upper bound on the variance of the population: "
            f"{listed(greedy['squared_error'])}; of the recipe: {listed(own['squared_error'])}",
            falls(greedy["posterior_variance"]) and falls(own["squared_error"]),
        ),
    ]
    made += _single_claims(columns)
    return made + _distance_claims(columns)


def _single_claims(columns):
    if "single" not in columns:
        return []
    last = {variant: found["squared_error"][-1] for variant, found in columns.items()}
    return [
        Claim(
            "the last step's error is smaller than that of one step of the same latent size",
            ", ".join(f"{TITLES[variant]}: {error}" for variant, error in last.items()),
            last["default"].value < last["single"].value,
        )
    ]


def _distance_claims(columns):
    if "frechet_distance" not in columns["default"]:
        return []
    distances = {variant: found["frechet_distance"] for variant, found in columns.items()}
    told = "; ".join(f"{TITLES[name]}: {listed(values)}" for name, values in distances.items())
    own = distances["default"]
    last = {name: values[-1].value for name, values in distances.items()}
    return [
        Claim(
            "each step's samples are nearer to the data than those of the step before",
            f"Frechet distance by step: {told}",
            falls(own),
        ),
        Claim(
            "the last step's samples are nearer to the data than those of the other runs",
            f"Frechet distance of the last step: {told}",
            last["default"] == min(last.values()),
        ),
    ]


def draw(found, drawn, test, data_sharpness, settings):
    """The figure: samples by step of each run, test images beside them; curves of the measures."""
    count = settings.columns
    figure = plt.figure(figsize=(6 + 2.2 * len(drawn), 9), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.4, 1])
    shown = {TITLES[variant]: images for variant, images in drawn.items()}
    shown["test images"] = test[:, None]
    widths = [images.shape[1] for images in shown.values()]
    panels = left.subplots(1, len(shown), width_ratios=widths)
    for panel, (title, images) in zip(panels, shown.items(), strict=True):
        show_grid(panel, images[:count], textwrap.fill(title, 6 * images.shape[1] + 8))
    names = [name for name in MEASURES if any(name in rows[0] for rows in found.values())]
    for panel, name in zip(right.subplots(len(names), 1, sharex=True), names, strict=True):
        for variant, rows in found.items():
            if name in rows[0]:
                _curve(panel, rows, name, variant)
        panel.set_ylabel(MEASURES[name])
        panel.grid(alpha=0.3)
        if name == "laplacian_variance":
            panel.axhline(data_sharpness.value, color="grey", linestyle="--", label="data")
        if name == "posterior_variance":
            panel.set_yscale("log")
        panel.legend(fontsize=7)
    panel.set(xlabel="step", xticks=[row["step"] for row in found["default"]])
    return figure


def _curve(panel, rows, name, variant):
    """A line over the steps, with error bars; a dashed level for the single step."""
    values = [row[name].value for row in rows]
    style = {"label": TITLES[variant], "color": f"C{list(VARIANTS).index(variant)}"}
    if len(rows) == 1:
        panel.axhline(values[0], linestyle=":", **style)
        return
    errors = [row[name].standard_error for row in rows]
    panel.errorbar([row["step"] for row in rows], values, errors, marker="o", capsize=3, **style)


def run(context, settings):
    """Train, measure, draw, write figure4.*."""
    labelled = context.has_labels("seqvae")
    folders = train(context, settings)
    test = context.images(folders["default"], "test", settings.num_images)
    training = context.images(folders["default"], "train", settings.num_data)
    features = None
    if labelled:
        features = context.features(folders["default"], settings.classifier_steps)
    found, drawn = {}, {}
    for variant, folder in folders.items():
        model = tfgvae.load(folder)
        seed = int(seeds.fold_in(context.seed, 4))
        found[variant], drawn[variant] = by_step.measure(
            model, test, training, settings, seed, features
        )
        context.say(f"{folder}: measured")
    data_sharpness = Estimate.of_mean(laplacian_variance(test), unit="")
    figure = draw(found, drawn, test, data_sharpness, settings)
    numbers = {"data_laplacian_variance": data_sharpness}
    rows = [{"variant": name, **row} for name, made in found.items() for row in made]
    write(context, "figure4", figure, settings, rows, claims(found, data_sharpness), numbers)

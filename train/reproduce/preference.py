"""The information preference of Section 4: a P that can model the data alone, R = KL and R = 0.

With the KL, such a P does not need z: I(x;z) stays low, and both samplers are correct. Without a
regularizer the optimum is I_q(x;z) - H(x): the code keeps as much about x as possible and q(z) is
far from p(z). Then ancestral samples fail, and the Gibbs chain is the right sampler (Prop. 2).

Figures 5 and 6 show the two runs: curves over their checkpoints, grids of both samplers, and, if
the data have labels, Frechet distances of the samples in a classifier's features.
"""

import dataclasses

import numpy as np

import tfgvae
from tfgvae import runs, seeds
from tfgvae.estimators.batching import batches
from tfgvae.estimators.features import classifier_features
from tfgvae.estimators.frechet import frechet_distance
from tfgvae.estimators.mutual_information import mutual_information
from train.classifier import trained_classifier

REGULARIZERS = ("kl", "none")
BATCH = 128


@dataclasses.dataclass(frozen=True)
class Settings:
    """Sizes of the experiment.

    Attributes:
      training: the differences from the recipe.
      num_images: M, the test images for the mutual information, whose estimate is at most log M.
      num_samples: images for each Frechet distance.
      num_chains: images in each grid, a square number.
      chain_steps: lengths of the chain; the grids show the last one.
      classifier_steps: training steps of the classifier for the Frechet distances.
    """

    training: dict
    num_images: int
    num_samples: int
    num_chains: int
    chain_steps: tuple
    classifier_steps: int = 2000


def train(context, name, recipe, settings):
    """Train both runs: {"kl": folder, "none": folder}."""
    return {
        regularizer: context.train(
            f"{name}-{regularizer}",
            recipe,
            {**settings.training, "regularizer.name": regularizer},
        )
        for regularizer in REGULARIZERS
    }


def validation_rows(folder):
    """{step: row} of the validation rows of metrics.jsonl."""
    return {row["step"]: row for row in runs.read_metrics(folder) if row["split"] == "validation"}


def over_training(context, folder, regularizer, settings):
    """One dict per checkpoint: step, nll, KL, mutual information with its bounds."""
    images = context.images(folder, "test", settings.num_images)
    validation = validation_rows(folder)
    rows = []
    for step, _ in runs.checkpoints(folder):
        model = tfgvae.load(folder, step)
        found = mutual_information(model, images, seed=int(seeds.fold_in(context.seed, 5)))
        nll = validation[step]["nll"]
        pixels = int(np.prod(model.image_shape))
        rows.append(
            {
                "regularizer": regularizer,
                "step": step,
                "nll": nll,
                "nll_per_sub_pixel": nll / pixels,
                "elbo": validation[step]["elbo"],
                "kl": found.kl,
                "mutual_information": found.estimate,
                "mutual_information_lower": found.lower,
                "mutual_information_upper": found.least_upper,
                "cap": found.cap,
            }
        )
        context.say(f"{folder} step {step}: I = {found.estimate}, KL = {found.kl}")
    return rows


def samples(context, folder, settings):
    """Images of both samplers: {sampler: [N, H, W, C]}.

    The samplers are "ancestral", "N steps from noise" and "N steps from data" (test images). A
    chain that mixes has the same law from both starts.
    """
    model = tfgvae.load(folder)
    count = max(settings.num_samples, settings.num_chains)
    images = context.images(folder, "test", count)
    count = len(images)
    rows = seeds.rows(seeds.fold_in(context.seed, 6), count).numpy()
    parts = batches(count, BATCH)

    def drawn(sample, **options):
        return np.concatenate([sample(part, seed=rows[part], **options).numpy() for part in parts])

    def ancestral(part, seed):
        return model.ancestral_sample(len(seed), seed=seed)

    def from_noise(part, **options):
        return model.gibbs_sample(num_samples=len(rows[part]), **options)

    def from_data(part, **options):
        return model.gibbs_sample(images[part], **options)

    found = {"ancestral": drawn(ancestral)}
    for steps in settings.chain_steps:
        found[sampler(steps, "noise")] = drawn(from_noise, num_steps=steps)
        found[sampler(steps, "data")] = drawn(from_data, num_steps=steps)
    return found


def sampler(steps, start):
    """The name of a chain of `steps` steps from "noise" or "data"."""
    return f"{steps} {'step' if steps == 1 else 'steps'} from {start}"


def distances(context, folder, drawn, settings):
    """{sampler: Frechet distance to test images, an Estimate}; "data" is that of other test images.

    Chains from data start from the first half of the test images. Samples are compared with the
    second half.
    """
    section = runs.read_config(folder)["data"]
    path = trained_classifier(
        section["name"],
        context.output / "runs" / f"classifier-{section['name']}.keras",
        data_dir=context.data_dir,
        binarize=section["binarize"],
        steps=settings.classifier_steps,
        say=context.say,
    )
    features = classifier_features(path)
    count = settings.num_samples
    images = context.images(folder, "test", 2 * count)
    first, others = np.split(images, [len(images) // 2])
    data = features(others)
    found = {name: frechet_distance(features(x[:count]), data) for name, x in drawn.items()}
    return {**found, "data": frechet_distance(features(first), data)}


def square(images, count):
    """The first `count` images, a square number, as a grid [R, R, H, W, C]."""
    side = round(count**0.5)
    return images[: side * side].reshape(side, side, *images.shape[1:])

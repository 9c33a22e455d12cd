"""The information preference of Section 4: a P that can model the data alone, R = KL and R = 0.

With the KL, such a P does not need z: I(x;z) stays low, and both samplers are correct. Without a
regularizer the optimum is I_q(x;z) - H(x): the code keeps as much about x as possible and q(z) is
far from p(z). Then ancestral samples fail, and the Gibbs chain is the right sampler (Prop. 2).

A corrupted q, q~(z|x) = E_C q(z|x~), makes the chain irreducible: it arrives from anywhere, still
with R = 0. A prior that is fitted to its codes makes ancestral samples right, too (Prop. 3).

P alone, without latents, is what both are compared with in Figure 6.

The figures show the runs: curves over their checkpoints, grids of both samplers, and, if the data
have labels, Frechet distances of the samples in a classifier's features.
"""

import dataclasses

import numpy as np

import tfgvae
from tfgvae import runs, seeds
from tfgvae.estimators.batching import in_parts
from tfgvae.estimators.frechet import frechet_distance
from tfgvae.estimators.log_likelihood import importance_weighted
from tfgvae.estimators.mutual_information import mutual_information
from train.evaluate.metrics.log_likelihood import in_bits

# The differences of each run from the recipe.
VARIANTS = {
    "kl": {"regularizer.name": "kl"},
    "none": {"regularizer.name": "none"},
    "corrupted": {"regularizer.name": "none", "corruption.name": "pixels"},
    "alone": {},
}
# The recipe of P alone, without latents.
ALONE = {"pixelvae": "pixelcnn", "pixelvae_pp": "pixelcnn_pp"}
FIELDS_OF_P = ("data.", "family.", "train.")
# Images are drawn in two parts at once: the operations of one sampler are too small for two cores.
THREADS = 2
BATCH = 200
FITTED = "fitted prior"


@dataclasses.dataclass(frozen=True)
class Settings:
    """Sizes of the experiment.

    Attributes:
      training: the differences from the recipe.
      num_images: M, the test images for the mutual information, whose estimate is at most log M.
      num_samples: images for each Frechet distance.
      num_chains: images in each grid, a square number.
      chain_steps: lengths of the chain; the grids show the last one.
      longest: {variant: the length of its last chain}, if not all of chain_steps.
      classifier_steps: training steps of the classifier for the Frechet distances.
      variants: names in VARIANTS, "kl" and "none" among them.
      num_codes: training images for the fitted prior of "corrupted", and for its critic.
      num_compared: training images for the bounds on the mutual information of "corrupted" and
        "kl" at the end.
    """

    training: dict
    num_images: int
    num_samples: int
    num_chains: int
    chain_steps: tuple
    classifier_steps: int = 2000
    variants: tuple = ("kl", "none")
    num_codes: int = 10000
    num_compared: int = 20000
    longest: dict = dataclasses.field(default_factory=dict)

    def lengths(self, variant):
        """The lengths of the chains of a variant."""
        return [n for n in self.chain_steps if n <= self.longest.get(variant, n)]


def train(context, name, recipe, settings):
    """Train the runs: {variant: folder}."""

    def trained(variant):
        own, overrides = recipe, settings.training | VARIANTS[variant]
        if variant == "alone":
            own = ALONE[recipe]
            overrides = {k: v for k, v in overrides.items() if k.startswith(FIELDS_OF_P)}
        return context.train(f"{name}-{variant}", own, overrides)

    return {variant: trained(variant) for variant in settings.variants}


def validated(folder):
    """{step: its validation row} of the checkpoints that have one, in order.

    A run that was stopped has a checkpoint at that step too, and no row.
    """
    rows = {row["step"]: row for row in runs.read_metrics(folder) if row["split"] == "validation"}
    return {step: rows[step] for step, _ in runs.checkpoints(folder) if step in rows}


def over_training(context, folder, variant, settings):
    """One dict per validated step: step, nll, KL, mutual information with its bounds.

    P alone has no code, and a corrupted q no density: see `compared`.
    """
    images = context.images(folder, "test", settings.num_images)
    rows = []
    for step, values in validated(folder).items():
        model = tfgvae.load(folder, step)
        nll = values["nll"]
        row = {
            "variant": variant,
            "step": step,
            "nll": nll,
            "nll_per_sub_pixel": nll / int(np.prod(model.image_shape)),
            "elbo": values["elbo"],
        }
        rows.append(row)
        if not model.has_latents or variant == "corrupted":
            continue
        found = mutual_information(model, images, seed=int(seeds.fold_in(context.seed, 5)))
        row.update(
            kl=found.kl,
            mutual_information=found.estimate,
            mutual_information_lower=found.lower,
            mutual_information_upper=found.least_upper,
            cap=found.cap,
        )
        context.say(f"{folder} step {step}: I = {found.estimate}, KL = {found.kl}")
    return rows


def compared(context, folder, variant, settings):
    """Bounds on I(x;z) at the end of "kl" or "corrupted": a MutualInformation.

    Of the same training images: more of them than a test set has make the bounds tighter. Other
    training images train the critic of the corrupted q.
    """
    model = tfgvae.load(folder)
    images = context.images(folder, "train", settings.num_codes + settings.num_compared)
    # A small data set has fewer.
    training, images = np.split(images, [min(settings.num_codes, len(images) // 3)])
    options = {}
    if variant == "corrupted":
        options = {"training_images": training, "leave_one_out": False}
    found = mutual_information(model, images, seed=int(seeds.fold_in(context.seed, 8)), **options)
    context.say(f"{folder}: I is {found.lower} and {found.least_upper}, {len(images)} images")
    return found


def code_length(context, folder, settings):
    """Bits per sub-pixel of the test images, an Estimate: an upper bound, exact for P alone."""
    model = tfgvae.load(folder)
    images = context.images(folder, "test", settings.num_images)
    found = importance_weighted(model, images, 1, int(seeds.fold_in(context.seed, 7)))
    return in_bits(model, found.estimate)


def samples(context, folder, settings, lengths, fit=False):
    """Images of the samplers: {sampler: [N, H, W, C]}.

    The samplers are "ancestral", "N steps from noise" and "N steps from data" (test images) for
    the N of `lengths`, and with `fit` "fitted prior": ancestral samples with a prior that is fitted
    to the codes. A chain that mixes has the same law from both starts.
    """
    model = tfgvae.load(folder)
    count = max(settings.num_samples, settings.num_chains)
    images = context.images(folder, "test", count)
    count = len(images)
    rows = seeds.rows(seeds.fold_in(context.seed, 6), count).numpy()

    def ancestral():
        return in_parts(
            lambda seed: model.ancestral_sample(len(seed), seed=seed), rows, batch_size=BATCH
        )

    found = {"ancestral": ancestral()}
    if not model.has_latents:
        return found
    for start in ("data", "noise"):
        x, done = () if start == "noise" else (images,), 0
        for steps in lengths:

            def further(seed, *x, num_steps=steps - done):
                seed = seeds.fold_in(seed, num_steps).numpy()
                return model.gibbs_sample(*x, num_samples=len(seed), num_steps=num_steps, seed=seed)

            threads = THREADS if done else 1  # The first call, which is from data, traces.
            x = (in_parts(further, rows, *x, batch_size=BATCH, threads=threads),)
            done = steps
            found[sampler(steps, start)] = x[0]
            context.say(f"{folder}: drew {count} images, {sampler(steps, start)}")
    if fit:
        density = model.fit_prior(context.images(folder, "train", settings.num_codes))
        context.say(f"{folder}: fitted prior, log p(z) of held-out codes {density}")
        found[FITTED] = ancestral()
    return found


def sampler(steps, start):
    """The name of a chain of `steps` steps from "noise" or "data"."""
    return f"{steps} {'step' if steps == 1 else 'steps'} from {start}"


def distances(context, folder, drawn, settings):
    """{sampler: Frechet distance to test images, an Estimate}; "data" is that of other test images.

    Chains from data start from the first half of the test images. Samples are compared with the
    second half.
    """
    features = context.features(folder, settings.classifier_steps)
    count = settings.num_samples
    images = context.images(folder, "test", 2 * count)
    first, others = np.split(images, [len(images) // 2])
    data = features(others)
    found = {name: frechet_distance(features(x[:count]), data) for name, x in drawn.items()}
    return {**found, "data": frechet_distance(features(first), data)}


def told(distances):
    """Distances {sampler: Estimate} as one line."""
    return ", ".join(f"{name} {value}" for name, value in distances.items())


def square(images, count):
    """The first `count` images, a square number, as a grid [R, R, H, W, C]."""
    side = round(count**0.5)
    return images[: side * side].reshape(side, side, *images.shape[1:])

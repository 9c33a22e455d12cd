"""Figure 4: samples of the sequential VAE by step, and three measures of each step.

For each step t: the squared error of the reconstruction, the sharpness of the samples, and Prop.
5's expected posterior variance E_q(z(1..t)) [sum_i Var_q(x|z(1..t))[x_i]], which must fall. x(t-1)
is a function of z(1..t-1), so conditioning on z(1..t) is conditioning on the inputs of step t.

q(x|z) is that of the empirical distribution of `num_data` images; its variance is near 0 if a code
distinguishes them. The squared error of x(t) is an upper bound on the variance of the population,
with equality at the optimal f (Prop. 4).
"""

import dataclasses
import itertools

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

import tfgvae
from tfgvae import seeds
from tfgvae.estimators.batching import batches
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.posterior_variance import posterior_variance
from tfgvae.estimators.sharpness import laplacian_variance
from train.reproduce.results import Claim, show_grid, write

tfd = tfp.distributions
BATCH = 250


@dataclasses.dataclass(frozen=True)
class Settings:
    """Sizes of the experiment.

    Attributes:
      training: the differences from the recipe seqvae.
      num_images: test images for the error; samples for the sharpness.
      num_data: training images that represent p_data in the posterior variance.
      num_draws: how many of them give the codes of the average posterior variance.
      columns: rows of the picture.
    """

    training: dict
    num_images: int = 1000
    num_data: int = 10000
    num_draws: int = 1000
    columns: int = 10


SETTINGS = {
    "quick": Settings(
        {
            "data.name": "mnist",
            "model.width": 8,
            "model.latent_dim": 6,
            "family.scale": 0.15,
            "regularizer.schedule_steps": 500.0,
            "train.steps": 2250,
            "train.batch_size": 100,
            "train.checkpoint_every": 750,
        }
    ),
    # The authors' network has 160 million parameters. Use --dataset for their CelebA and LSUN.
    "paper": Settings(
        {
            "data.name": "scenes64",
            "model.num_steps": 8,
            "model.latent_dim": 40,
            "model.width": 48,
            "model.dense": (512,),
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


def first_steps(model, count):
    """q(z(1..t)|x) of a sequential model, t = count: a function of images."""

    def posterior(x):
        q = model.posterior(x).distribution
        return tfd.Independent(tfd.Normal(q.loc[:, :count], q.scale[:, :count]), 2)

    return posterior


def reconstructions(model, images, seed):
    """E[x(t) | z(1..t)] for every step, z ~ q(z|x): [T, N, H, W, C]."""
    rows = seeds.rows(seed, len(images))

    def of(batch, batch_rows):
        z = model.encode(batch, batch_rows)
        return tf.stack([model.family.mean(params) for params in model.likelihood_chain(z)])

    parts = [of(images[part], rows[part]).numpy() for part in batches(len(images), BATCH)]
    return np.concatenate(parts, axis=1)


def by_step(model, test, training, settings, seed):
    """One dict per step: {"step", "squared_error", "laplacian_variance", ...}."""
    error_seed, sample_seed, z_seed = (int(s) for s in seeds.split(seed, 3))
    rebuilt = reconstructions(model, test, error_seed)
    samples = model.sample_chain(settings.num_images, seed=sample_seed, mean=True).numpy()
    drawn = training[: settings.num_draws]
    z_rows = seeds.rows(z_seed, len(drawn))
    z = np.concatenate(
        [model.encode(drawn[part], z_rows[part]) for part in batches(len(drawn), BATCH)]
    )
    rows = []
    for t in range(1, model.latent_shape[0] + 1):
        error = np.square(rebuilt[t - 1] - test).sum(axis=(1, 2, 3))
        variance = posterior_variance(model, training, z[:, :t], posterior=first_steps(model, t))
        rows.append(
            {
                "step": t,
                "squared_error": Estimate.of_mean(error, unit=""),
                "laplacian_variance": Estimate.of_mean(
                    laplacian_variance(samples[:, t - 1]), unit=""
                ),
                "posterior_variance": Estimate.of_mean(variance.total, unit=""),
                "effective_sample_size": float(np.mean(variance.effective_sample_size)),
            }
        )
    return rows, samples


def falls(estimates):
    """Whether each Estimate of a list is smaller than the one before it."""
    values = [estimate.value for estimate in estimates]
    return all(b < a for a, b in itertools.pairwise(values))


def listed(estimates):
    """Estimates as "16.3 +- 0.1, 9.6 +- 0.1"."""
    return ", ".join(str(estimate).strip() for estimate in estimates)


def claims(rows, data_sharpness):
    """The figure's claims and the measured values."""
    variance, error, sharpness = (
        [row[name] for row in rows]
        for name in ("posterior_variance", "squared_error", "laplacian_variance")
    )
    rises = all(b.value > a.value for a, b in itertools.pairwise(sharpness))
    return [
        Claim(
            "each step's samples are sharper than those of the step before",
            f"variance of the Laplacian by step: {listed(sharpness)}; data {data_sharpness}",
            rises,
        ),
        Claim(
            "the expected posterior variance falls with t (Prop. 5)",
            f"by step, on the empirical distribution: {listed(variance)}; squared error on test "
            f"images, an upper bound on the variance of the population: {listed(error)}",
            falls(variance) and falls(error),
        ),
    ]


def draw(rows, samples, test, data_sharpness, settings):
    """The figure: samples by step, test images beside them, three curves."""
    figure = plt.figure(figsize=(11, 7), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.2, 1])
    grid = np.concatenate([samples[: settings.columns], test[: settings.columns, None]], axis=1)
    title = "samples, one column per step; last column: test images"
    show_grid(left.subplots(), grid, title)
    steps = [row["step"] for row in rows]
    panels = right.subplots(3, 1, sharex=True)
    names = ("squared_error", "laplacian_variance", "posterior_variance")
    for panel, name in zip(panels, names, strict=True):
        values = [row[name].value for row in rows]
        errors = [row[name].standard_error for row in rows]
        panel.errorbar(steps, values, errors, marker="o", capsize=3)
        panel.set_ylabel(name.replace("_", " ") + " per image")
        panel.grid(alpha=0.3)
    panels[1].axhline(data_sharpness.value, color="grey", linestyle="--", label="data")
    panels[1].legend()
    panels[2].set(yscale="log", xlabel="step", xticks=steps)
    return figure


def run(context, settings):
    """Train, measure, draw, write figure4.*."""
    folder = context.train("figure4", "seqvae", settings.training)
    model = tfgvae.load(folder)
    test = context.images(folder, "test", settings.num_images)
    training = context.images(folder, "train", settings.num_data)
    rows, samples = by_step(model, test, training, settings, int(seeds.fold_in(context.seed, 4)))
    data_sharpness = Estimate.of_mean(laplacian_variance(test), unit="")
    figure = draw(rows, samples, test, data_sharpness, settings)
    numbers = {"data_laplacian_variance": data_sharpness}
    write(context, "figure4", figure, settings, rows, claims(rows, data_sharpness), numbers)

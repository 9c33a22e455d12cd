"""Whether the Gibbs chain z ~ q(z|x), x ~ p(x|z) forgets its start, and where it ends."""

import numpy as np

from tfgvae.estimators.chains.diagnostics import compare_starts, diagnose
from tfgvae.estimators.chains.image_statistics import IMAGE_STATISTICS, image_statistics
from tfgvae.estimators.chains.running import run_chains
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.frechet import kernel_distance
from train.evaluate.context import LARGEST_LATENT
from train.evaluate.metrics.samples import shown_steps
from train.evaluate.section import Curve, NotApplicable, Plot, Section

POINTS = 12  # steps at which the distance to the data is measured
STARTS = ("noise", "data")


def coordinates(chains):
    """The latents and a few statistics of the image: ([T, N, D], names).

    If the latent has more than LARGEST_LATENT numbers, only the statistics.
    """
    size = chains.latents.shape[-1]
    names = [f"z[{i}]" for i in range(size)] if size <= LARGEST_LATENT else []
    states = image_statistics(chains.images)
    if names:
        states = np.concatenate([chains.latents, states], axis=-1)
    return states, [*names, *(name.replace("_", " ") for name in IMAGE_STATISTICS)]


def chain(context):
    """Whether the chain z ~ q(z|x), x ~ p(x|z) forgets its start, and how near to data it ends."""
    count, steps = context.setting("num_chains"), context.setting("chain_steps")
    chains = run_chains(
        context.model,
        context.images("num_chains"),
        steps,
        count,
        context.seed_of("chain"),
        label=context.labels("num_chains"),
        mean=context.setting("mean"),
    )
    (noise, names), (data, _) = (coordinates(chains[start]) for start in STARTS)
    seed = context.seed_of("chain/permutations")
    found = compare_starts(noise, data, names, seed=seed)
    section = Section()
    section.sentences.append(f"The Gibbs chain {found}.")
    _convergence(section, found, diagnose(np.concatenate([noise, data], 1)[steps // 2 :], names))
    section.plots.append(_starts(found))
    _distance(context, section, chains)
    what = "x = E[x|z] at every step" if context.setting("mean") else "draws x ~ p(x|z)"
    section.notes.append(
        f"{count} chains of {steps} steps from noise and as many from test images, with {what}. "
        f"A state is {len(names) - len(IMAGE_STATISTICS)} numbers of z and these statistics of the "
        f"image: {', '.join(IMAGE_STATISTICS)}."
    )
    return section


def _convergence(section, found, half):
    """R-hat, effective sample size and autocorrelation over the second half of all chains."""
    total = half.num_steps * half.num_chains
    if found.steps is not None:
        steps = Estimate(found.steps, unit="steps", count=found.num_chains)
        section.add("mixes_within", steps, "Steps after which the start makes no difference.")
    worst = int(np.argmax(half.split_rhat))
    rhat = Estimate(float(half.split_rhat[worst]), unit="", count=half.num_chains)
    section.add_finite(
        "split_rhat",
        rhat,
        f"Largest split R-hat of a coordinate ({half.names[worst]}), second half of the chains: "
        "near 1 if every chain visits the same states.",
    )
    least = int(np.argmin(half.effective_sample_size))
    section.add_finite(
        "effective_sample_size",
        Estimate(float(half.effective_sample_size[least]), unit=f"of {total} states", count=total),
        f"The states are worth at least so many independent draws ({half.names[least]}).",
    )
    lags = list(range(len(half.autocorrelation)))
    curves = [
        Curve("median coordinate", lags, np.median(half.autocorrelation, axis=1)),
        Curve("largest", lags, half.autocorrelation.max(axis=1)),
    ]
    section.plots.append(
        Plot("Autocorrelation within a chain", "lag, steps", "correlation", curves, {"none": 0.0})
    )


def _starts(found):
    steps = list(range(1, found.num_steps + 1))
    curves = [
        Curve("measured", steps, found.energy.distance),
        Curve("expected for equal laws", steps, found.energy.null_mean, style="dotted"),
        Curve("95 % band", steps, found.energy.upper, style="dashed"),
    ]
    return Plot("Chains from noise against chains from data", "step", "energy distance", curves)


def _distance(context, section, chains):
    """The distance to test images from which no chain started, by step."""
    steps = shown_steps(context.setting("chain_steps"), POINTS)
    try:
        reference = context.features("unseen")
        embed, space = context.embed, "classifier features"
    except NotApplicable:
        embed, space = _flat, "pixels"
        reference = _flat(context.unseen())
    found = {
        start: [kernel_distance(embed(chains[start].images[s]), reference) for s in steps]
        for start in STARTS
    }
    for start in STARTS:
        section.add(
            f"distance_from_{start}",
            found[start][-1],
            f"Kernel distance of the last states from test images, in {space}: 0 for equal laws.",
        )
    curves = [
        Curve(
            f"from {start}",
            [step + 1 for step in steps],
            [each.value for each in found[start]],
            [each.standard_error for each in found[start]],
        )
        for start in STARTS
    ]
    title = f"Distance to the data by chain step, in {space}"
    zero = {"equal laws": 0.0}
    section.plots.append(Plot(title, "step", "kernel distance", curves, zero, x_scale="log"))


def _flat(images):
    return np.asarray(images, np.float64).reshape(len(images), -1)

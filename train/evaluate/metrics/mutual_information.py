"""Bounds on I(x; z) under q, and the two parts of E KL(q(z|x) || p(z))."""

import math

import numpy as np

from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.mutual_information import mutual_information as estimator
from train.evaluate.section import Curve, Plot, Section

NEAR_CAP = 0.5  # nats: an estimate this near to log M is only a lower bound on I
UNUSED = 0.1  # nats: below it, z has almost no information about x
LEAST = 16  # codes of the shortest point of the curve


def _critic(context, training):
    if context.has_posterior_density():
        return "the true conditional"
    return "several damaged copies of each image" if training is None else "a trained critic"


def _meanings(count, critic):
    return {
        "estimate": f"The paper's estimate (A.3) with M = {count:,} codes: at most log M.",
        "lower": f"I(x; z) is at least this (InfoNCE with {critic}).",
        "upper": "I(x; z) is at most this (leave-one-out).",
        "least_upper": "The smaller of `upper` and E KL(q(z|x) || p(z)), also an upper bound.",
        "kl": "E KL(q(z|x) || p(z)), the ELBO's cost of the code: I(x; z) + KL(q(z) || p(z)).",
        "marginal_kl_lower": "KL(q(z) || p(z)), codes of data against the prior: at least this.",
        "marginal_kl_upper": "KL(q(z) || p(z)): at most this.",
    }


def mutual_information(context):
    """How much information a code z has about its image x, in nats (0: the code is not used)."""
    context.require_pairs()
    images = context.paired_images()
    seed = context.seed_of("mutual_information")
    training = context.critic_images()
    found = estimator(
        context.model, images, seed, progress=context.progress, training_images=training
    )
    section = Section()
    for name, meaning in _meanings(len(images), _critic(context, training)).items():
        estimate = getattr(found, name)
        if name == "marginal_kl_lower" and estimate.value < 0:
            section.notes.append("The lower bound on KL(q(z) || p(z)) is below 0 and of no use.")
        else:
            section.add_finite(name, estimate, meaning)
    cap = Estimate(found.cap, kind="exact", count=len(images))
    section.add("cap", cap, "log M: the estimate cannot be larger.")
    section.sentences.append(_sentence(found))
    section.plots.append(_growth(context, images, seed, found, training))
    return section


def _sentence(found):
    lower, high = found.lower, found.least_upper.value
    if lower.value > found.cap - NEAR_CAP:
        return (
            f"The code z identifies its image among all {lower.count:,}. The estimate "
            f"{lower.value:.2f} nats is at its cap log M = {found.cap:.2f}. The true information "
            f"may be larger; it is at most {high:.2f}."
        )
    low, high_shown = f"{lower.value:.2f}", f"{high:.2f}"
    span = low if low == high_shown else f"between {low} and {high_shown}"
    said = f"The code z carries {span} nats about its image"
    if high < UNUSED:
        return said + ": z is not used."
    images = _rounded(math.exp(lower.value))
    return f"{said} (e^{lower.value:.1f}: enough to distinguish {images} kinds of image)."


def _rounded(number):
    digits = max(0, math.floor(math.log10(max(number, 1))) - 1)
    return f"{round(number / 10**digits) * 10**digits:,.0f}"


def _growth(context, images, seed, found, training):
    """The bounds and their cap by the number of codes M."""
    points = 6 if training is None else 3  # Each trains a critic.
    sizes = [
        int(m)
        for m in np.unique(np.geomspace(min(LEAST, len(images)), len(images), points).round())
    ]
    options = {"training_images": training}
    fewer = [estimator(context.model, images[:m], seed, **options) for m in sizes[:-1]] + [found]
    curves = [
        Curve(
            name,
            sizes,
            [getattr(each, key).value for each in fewer],
            [getattr(each, key).standard_error for each in fewer],
        )
        for name, key in (("lower bound (A.3)", "lower"), ("upper bound", "upper"))
    ]
    curves.append(Curve("cap log M", sizes, [each.cap for each in fewer], style="dashed"))
    highest = 1.15 * max(found.cap, found.kl.value)
    return Plot(
        "Mutual information by the number of codes",
        "M, codes compared",
        "nats",
        curves,
        {"E KL(q(z|x) || p(z))": found.kl.value},
        x_scale="log",
        y_limits=(0, highest),
    )

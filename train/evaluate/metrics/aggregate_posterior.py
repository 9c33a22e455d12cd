"""Test q(z) = p(z): a two-sample permutation test with the statistic MMD."""

import math

import numpy as np

from tfgvae.estimators.aggregate_posterior import aggregate_posterior as estimator
from tfgvae.estimators.estimate import Estimate
from train.evaluate.section import Curve, Plot, Section

LEVEL = 0.05
BINS = 24


def aggregate_posterior(context):
    """Whether codes of data look like draws from the prior; ancestral sampling relies on this."""
    context.require_latents()
    images = context.images()
    found = estimator(
        context.model,
        images,
        context.seed_of("aggregate_posterior"),
        num_permutations=context.setting("num_permutations"),
        progress=context.progress,
    )
    permutations = len(found.null)
    p = found.p_value
    section = Section()
    section.add(
        "p_value",
        Estimate(p, math.sqrt(p * (1 - p) / permutations), unit="", count=permutations),
        "The probability of a difference at least this large by chance, if q(z) = p(z).",
    )
    section.add(
        "mmd",
        Estimate(found.statistic, found.standard_error, unit="", count=found.count),
        "MMD^2 between codes and prior draws, unbiased: 0 on average if q(z) = p(z).",
    )
    section.sentences.append(_sentence(found))
    section.plots.append(_null(found))
    return section


def _sentence(found):
    if found.p_value <= LEVEL:
        return (
            f"The codes of data do not follow the prior (p = {found.p_value:.2g}): ancestral "
            "samples come from codes that the decoder was not trained on."
        )
    return (
        f"The test finds no difference between {found.count:,} codes of data and draws from the "
        f"prior (p = {found.p_value:.2g})."
    )


def _null(found):
    counts, edges = np.histogram(found.null, bins=BINS)
    curve = Curve("permuted", (edges[1:] + edges[:-1]) / 2, counts, style="bars")
    return Plot(
        "The test statistic, and its values by chance",
        "MMD^2",
        "permutations",
        [curve],
        marks={"measured": found.statistic},
    )

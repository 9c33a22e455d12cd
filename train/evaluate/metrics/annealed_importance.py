"""Bounds on log p(x): both sides on images drawn from the model, the lower one on test images."""

from tfgvae.estimators.annealed_importance import annealed_importance as estimator
from tfgvae.estimators.annealed_importance import bdmc
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.log_likelihood import importance_weighted
from train.evaluate.section import Section
from train.evaluate.table import shown


def annealed_importance(context):
    """How exact the likelihood is: lower and upper bounds by annealing from q(z|x) to p(z|x)."""
    context.require_density()
    count, draws = context.setting("ais_images"), context.setting("num_samples")
    path = {
        "num_chains": context.setting("ais_chains"),
        "num_temperatures": context.setting("ais_temperatures"),
        "batch_size": 1 + context.setting("batch_size") // context.setting("ais_chains"),
        # A much shorter path than from the prior, but it needs the density of q.
        "start": "posterior" if context.has_posterior_density() else "prior",
        "progress": context.progress,
    }
    seed = context.seed_of("annealed_importance")
    bracket = bdmc(context.model, count, seed=seed, **path, **context.label_argument(count))
    images, labels = context.images("ais_images"), context.labels("ais_images")
    annealed = estimator(context.model, images, seed=seed + 1, label=labels, **path)
    weighted = importance_weighted(context.model, images, draws, seed, label=labels, chunk_size=20)
    section = Section()
    simulated = "of images drawn from the model"
    section.add("lower", bracket.lower, f"log p(x) {simulated}: at least this (AIS).")
    section.add("upper", bracket.upper, f"log p(x) {simulated}: at most this (reverse AIS).")
    section.add("gap", bracket.gap, "Upper minus lower bound: the largest error of either.")
    acceptance = Estimate(bracket.acceptance, unit="", count=count)
    section.add("acceptance", acceptance, "Share of accepted HMC proposals; about 0.65 is good.")
    section.add("test_images", annealed.estimate, f"AIS on the first {count} test images.")
    section.add(
        "test_images_weighted",
        weighted.estimate,
        f"The importance-weighted bound on the same images, k = {draws}, to compare with AIS.",
    )
    section.sentences.append(_sentence(bracket, annealed, weighted))
    section.notes.append(
        f"{count} images, {path['num_chains']} chains each, {path['num_temperatures']} "
        "temperatures. The gap is that of images drawn from the model. More temperatures "
        "(--ais_temperatures) make it smaller."
    )
    return section


def _sentence(bracket, annealed, weighted):
    difference = weighted.estimate.value - annealed.estimate.value
    better = "above" if difference > 0 else "below"
    return (
        f"On images drawn from the model, log p(x) is known to within {shown(bracket.gap)} nats. "
        f"On test images, the importance-weighted bound is {abs(difference):.3g} nats {better} "
        "the annealed one."
    )

"""log p(x) from both sides, on images that the model itself has drawn, and from below on data."""

from tfgvae.estimators.annealed_importance import annealed_importance as estimator
from tfgvae.estimators.annealed_importance import bdmc
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.log_likelihood import importance_weighted
from train.evaluate.section import Section
from train.evaluate.table import shown


def annealed_importance(context):
    """How exact the likelihood is: bounds on both sides, by annealing from q(z|x) to p(z|x)."""
    context.require_density()
    count, draws = context.setting("ais_images"), context.setting("num_samples")
    path = {
        "num_chains": context.setting("ais_chains"),
        "num_temperatures": context.setting("ais_temperatures"),
        "batch_size": 1 + context.setting("batch_size") // context.setting("ais_chains"),
        "start": "posterior",  # A far shorter path than from the prior.
        "progress": context.progress,
    }
    seed = context.seed_of("annealed_importance")
    bracket = bdmc(context.model, count, seed=seed, **path, **context.label_argument(count))
    images, labels = context.images("ais_images"), context.labels("ais_images")
    annealed = estimator(context.model, images, seed=seed + 1, label=labels, **path)
    weighted = importance_weighted(context.model, images, draws, seed, label=labels, chunk_size=20)
    section = Section()
    simulated = "of images that the model drew itself"
    section.add("lower", bracket.lower, f"log p(x) {simulated}: at least this (AIS).")
    section.add("upper", bracket.upper, f"log p(x) {simulated}: at most this (reverse AIS).")
    section.add("gap", bracket.gap, "Between the two: no bound is farther from the truth.")
    acceptance = Estimate(bracket.acceptance, unit="", count=count)
    section.add("acceptance", acceptance, "Share of HMC proposals taken; about 0.65 is wanted.")
    section.add("test_images", annealed.estimate, f"AIS on the first {count} test images.")
    section.add(
        "test_images_weighted",
        weighted.estimate,
        f"The importance-weighted bound on the same, k = {draws}: what AIS is to be compared with.",
    )
    section.sentences.append(_sentence(bracket, annealed, weighted))
    section.notes.append(
        f"{count} images, {path['num_chains']} chains each, {path['num_temperatures']} "
        "temperatures. The gap speaks of images such as the model draws; more temperatures "
        "(--ais_temperatures) make it smaller."
    )
    return section


def _sentence(bracket, annealed, weighted):
    difference = weighted.estimate.value - annealed.estimate.value
    better = "above" if difference > 0 else "below"
    return (
        f"On images of its own, the model's log p(x) is known to within "
        f"{shown(bracket.gap)} nats; on "
        f"test images the importance-weighted bound is {abs(difference):.3g} nats {better} the "
        "annealed one."
    )

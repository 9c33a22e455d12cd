"""A lower bound on log p(x) of the test images."""

import numpy as np

from tfgvae.estimators.estimate import Estimate
from train.evaluate.section import Section


def in_bits(model, estimate):
    """-log p(x) in bits per sub-pixel from an Estimate of log p(x) in nats.

    A lower bound becomes an upper bound.
    """
    family, shape = model.family, model.image_shape
    turned = {"lower bound": "upper bound", "upper bound": "lower bound"}
    kind = turned.get(estimate.kind, estimate.kind)
    if not family.discrete and kind == "exact":
        kind = "upper bound"  # On the bits of the discrete data (Theis et al. 2016).
    value = family.bits_per_dim(-estimate.value, shape)
    error = abs(value - family.bits_per_dim(-estimate.value - estimate.standard_error, shape))
    return Estimate(value, error, kind, "bits per sub-pixel", estimate.count)


def log_likelihood(context):
    """How probable the test images are under the model: higher is better."""
    images, labels = context.images(), context.labels()
    draws = context.setting("num_samples")
    found = context.bound()
    section = Section()
    estimate = found.estimate
    section.add(
        "log_likelihood",
        estimate,
        f"log p(x) of a test image, by importance weighting with k = {draws} draws of z.",
    )
    if context.has_bits:
        bits = in_bits(context.model, estimate)
        section.add("bits_per_dim", bits, "The same as a code length: lower is better.")
    _bound_of_one_draw(context, section, images, labels, estimate)
    _effective(context, section, found, draws)
    section.sentences.append(_sentence(context, section, estimate))
    if not context.has_bits:
        section.notes.append(
            "The number is not comparable with likelihoods of the data: "
            + (
                "Bernoulli pixels on grey images are a loss, not a probability."
                if context.model.family.discrete
                else "it is a density on the [0, 1] scale of images that were not dequantised."
            )
        )
    return section


def _bound_of_one_draw(context, section, images, labels, estimate):
    elbo = context.terms(images, labels)["elbo"]
    kind = "lower bound" if context.model.has_latents else "exact"
    of_one = Estimate.of_mean(elbo, kind)
    section.add("elbo", of_one, "The bound with one draw of z: log p(x|z) - KL(q(z|x) || p(z)).")
    if context.model.has_latents:
        gap = Estimate(estimate.value - of_one.value, unit="nats", count=len(images))
        section.add("gap", gap, "How much k draws raise the bound: the error of q(z|x).")


def _effective(context, section, found, draws):
    if not context.model.has_latents or draws == 1:
        return
    effective = np.asarray(found.effective_sample_size)
    section.add(
        "effective_sample_size",
        Estimate.of_mean(effective, unit=f"of {draws} draws"),
        "How many of the k draws carry the weight. If near 1, the bound may be far too low.",
    )
    section.notes.append(
        f"Effective sample size over images: median {np.median(effective):.1f}, least "
        f"{effective.min():.1f} of {draws}."
    )


def _sentence(context, section, estimate):
    error = estimate.standard_error
    side = "" if estimate.kind == "exact" else "at least "
    said = (
        f"The model gives a test image a log-probability of {side}"
        f"{estimate.value:.2f} +- {error:.2f} nats on average"
    )
    if not context.model.family.discrete:
        said = said.replace("log-probability", "log-density")
    if context.has_bits:
        said += f" ({section.numbers['bits_per_dim'].estimate.value:.3f} bits per sub-pixel)"
    return said + "."

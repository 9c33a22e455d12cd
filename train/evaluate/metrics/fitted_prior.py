"""What a prior that is fitted to the codes changes (Prop. 3): the bound and ancestral samples."""

import contextlib

from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.frechet import kernel_distance
from tfgvae.priors import fitting
from train import pictures
from train.evaluate.metrics.samples import square
from train.evaluate.section import NotApplicable, Picture, Section


def fitted_prior(context):
    """What a mixture of Gaussians fitted to the codes changes: the bound and ancestral samples."""
    context.require_latents()
    if why := fitting.refusal(context.model):
        raise NotApplicable(why[0].upper() + why[1:] + ".")
    if context.model.inference.matches_prior:
        raise NotApplicable("This model's p(z) is q(z): there is nothing to fit.")
    if context.model.regularizer.needs_normal_prior:
        raise NotApplicable("The regularizer of this model takes no other prior than N(0, I).")
    others = context.other_images()
    least = 2 * fitting.HELD_OUT
    if len(others) < least:
        raise NotApplicable(
            f"A fitted prior needs {least} test images beside the {len(context.images())} "
            "of the other metrics: give a smaller --num_images."
        )
    section = Section()
    own = context.bound()
    with _fitted(context, others) as log_density:
        section.add(
            "log_prior",
            log_density,
            f"log p(z) of held-out codes under the prior fitted to {len(others):,} other images.",
        )
        fitted = context.bound("fitted prior")
        samples = context.samples("fitted prior")
    section.add("log_likelihood", fitted.estimate, "log p(x) of a test image with this prior.")
    gain = Estimate.of_mean(fitted.log_likelihood - own.log_likelihood)
    section.add("gain", gain, "How much the fitted prior raises the bound on log p(x).")
    distances = _distances(context, samples)
    if distances:
        meaning = "Kernel distance of ancestral samples with the fitted prior from the test images."
        section.add("kernel_fitted_prior", distances["fitted prior"], meaning)
    section.sentences.append(_sentence(gain, distances))
    caption = "Ancestral samples with the fitted prior."
    grid = pictures.grid(square(samples, context.setting("grid")))
    section.pictures.append(Picture("fitted_prior", caption, grid))
    return section


@contextlib.contextmanager
def _fitted(context, images):
    """Fit the prior of the model, and put its own prior back at the end."""
    model, before = context.model, context.model.latent_prior
    seed = context.seed_of("fitted_prior")
    try:
        yield model.fit_prior(images, seed=seed)
    finally:
        model.use_prior(before)


def _distances(context, samples):
    """{sampler: kernel distance from the test images}; {} without a classifier."""
    try:
        data = context.features("data")
    except NotApplicable:
        return {}
    seed = context.seed_of("kernel/fitted prior")
    return {
        "fitted prior": kernel_distance(data, context.embed(samples), seed=seed),
        "own prior": kernel_distance(data, context.features("ancestral"), seed=seed),
    }


def _sentence(gain, distances):
    said = (
        f"A prior fitted to the codes changes the bound by {gain.value:+.2f} +- "
        f"{gain.standard_error:.2f} nats"
    )
    if not distances:
        return said + "."
    fitted, own = (f"{distances[name].value:.3g}" for name in ("fitted prior", "own prior"))
    return f"{said}; the kernel distance of ancestral samples is {fitted} instead of {own}."

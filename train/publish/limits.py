"""What a model cannot do, as sentences."""

from tfgvae.regularizers.none import NoRegularizer
from train.evaluate.loading import has_bits


def is_untied(model):
    """Whether q(z) may differ from p(z), because the model is trained without a regularizer."""
    if getattr(getattr(model, "inference", None), "matches_prior", False):
        return False
    regularizer = getattr(model, "regularizer", None)
    return isinstance(regularizer, NoRegularizer) or getattr(regularizer, "weight", 1) == 0


def sentences(opened):
    """The limits that follow from the parts of a model.

    Args:
      opened: a train.opened.Opened.
    """
    model = opened.model
    possible = [
        (True, f"It knows nothing but the images of {opened.config.data.name}."),
        (
            model.has_latents and is_untied(model),
            "It was trained without a regularizer, so q(z) may differ from p(z). Sample it with "
            "gibbs_sample; ancestral samples do not follow the data.",
        ),
        (
            not model.family.has_mean,
            "It draws images pixel by pixel, and E[x|z] has no closed form.",
        ),
        (
            not has_bits(opened),
            "Its log-likelihood cannot be compared with likelihoods of the data: Bernoulli pixels "
            "on grey images are a loss, not a probability."
            if model.family.discrete
            else "Its log-likelihood cannot be compared with likelihoods of the data: it is a "
            "density of images that were not dequantised.",
        ),
        (not model.has_latents, "It has no latent: it cannot encode or reconstruct."),
    ]
    return [sentence for holds, sentence in possible if holds]

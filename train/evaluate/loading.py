"""Defaults of an evaluation that follow from the run's model and data."""

from train.datasets import dequantizes


def shows_mean(model, config):
    """Whether samples are E[x|z] by default: if the family's noise differs from the data's.

    The noise of a density is mostly a loss weight. A draw from Bernoulli pixels is binary, but grey
    images are not.
    """
    family = model.family
    if not family.has_mean:
        return False
    return not family.discrete or (family.levels == 2 and config.data.binarize == "none")


def has_bits(opened):
    """Whether a run's log-likelihood can be given as bits per sub-pixel of its data.

    It can for probabilities of the pixel levels, and for densities of dequantised images. It cannot
    for Bernoulli pixels on grey images or for densities on images with 256 levels.
    """
    family, config = opened.model.family, opened.config
    if family.discrete:
        return family.levels != 2 or config.data.binarize != "none"
    return dequantizes(config, family)

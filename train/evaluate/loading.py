"""What a run's model and data mean for its evaluation."""

from train.datasets import dequantizes


def shows_mean(model, config):
    """Whether samples are E[x|z] where nobody says: where the family's noise is not the data's.

    The noise of a density is mostly a loss weight, and a draw from Bernoulli pixels is binary
    where grey images are not.
    """
    family = model.family
    if not family.has_mean:
        return False
    return not family.discrete or (family.levels == 2 and config.data.binarize == "none")


def has_bits(opened):
    """Whether a log-likelihood of a run stands for bits a sub-pixel of its data.

    It does for probabilities of what the data are, and for densities of dequantised images.
    Bernoulli pixels on grey images, and densities on images of 256 levels, have another unit.
    """
    family, config = opened.model.family, opened.config
    if family.discrete:
        return family.levels != 2 or config.data.binarize != "none"
    return dequantizes(config, family)

"""The sizes of an evaluation and their two defaults.

An autoregressive family draws images pixel by pixel, which costs 10 to 100 times as much per image.
Models with such a family (E[x|z] has no closed form) use the second, smaller default. A flag
overrides both.
"""

import dataclasses

from configs.catalog import check_name


@dataclasses.dataclass(frozen=True)
class Size:
    """A setting: its two defaults, its least value, its help text, and its largest value."""

    default: int
    autoregressive: int
    least: int
    help: str
    most: int = 10**6


SIZES = {
    "num_images": Size(1000, 200, 2, "images of the test split"),
    "num_codes": Size(10000, 2000, 2, "test images for metrics that only encode them"),
    "num_critic": Size(
        0, 0, 0, "training images of a critic for I(x;z), where q sees damaged images; 0: none"
    ),
    "num_walked": Size(
        100, 100, 2, "num_codes for a conditional step prior, which is slower to measure"
    ),
    "num_samples": Size(500, 20, 1, "k, draws per image for the bound on log p(x)"),
    "num_generated": Size(1000, 200, 2, "ancestral samples, and as many Gibbs samples"),
    "chain_steps": Size(50, 20, 8, "steps of the Gibbs chain", 10**4),
    "num_chains": Size(100, 32, 2, "Gibbs chains for the diagnostics"),
    "ais_images": Size(8, 4, 2, "images for AIS: simulated ones, and as many test images"),
    "ais_chains": Size(4, 2, 1, "AIS chains per image"),
    "ais_temperatures": Size(200, 20, 2, "temperatures of an AIS chain"),
    "num_permutations": Size(500, 500, 20, "permutations of the two-sample test"),
    "num_points": Size(64, 64, 2, "prior draws z at which q(x|z) is evaluated"),
    "classifier_steps": Size(2000, 2000, 1, "training steps of the classifier"),
    "grid": Size(8, 6, 2, "rows and columns of a grid of samples"),
    "batch_size": Size(100, 50, 1, "images at a time"),
}


# The sizes that count test images.
IMAGES = ("num_images", "num_codes", "num_walked", "num_chains", "ais_images")


def is_autoregressive(model):
    """Whether a model uses the second default."""
    return not model.family.has_mean


def resolve(model, given, available):
    """Every size for a model: the given value or its default, and at most the available images.

    Args:
      model: a LatentVariableModel.
      given: {name: int or None}.
      available: images in the test split.

    Raises:
      ValueError: an unknown name, or a value out of range.
    """
    from tfgvae import checks  # This imports TensorFlow, which --help does not need.

    for name in given:
        check_name(SIZES, name, "setting")
    slow = is_autoregressive(model)
    sizes = {}
    for name, size in SIZES.items():
        value = given.get(name)
        if value is None:
            value = size.autoregressive if slow else size.default
        sizes[name] = checks.integer(name, value, size.least, size.most)
    for name in IMAGES:
        sizes[name] = min(sizes[name], available)
    return sizes

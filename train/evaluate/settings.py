"""The sizes of an evaluation: what each is, its defaults, and where the smaller ones hold.

A model whose images are drawn pixel by pixel (an autoregressive family: E[x|z] cannot be had
without drawing) costs ten to a hundred times as much an image. For such a model, and by no other
rule, the defaults are those of the second column. What a flag says holds for every model.
"""

import dataclasses

from configs.catalog import check_name


@dataclasses.dataclass(frozen=True)
class Size:
    """A setting: its two defaults, the least value, and what it counts."""

    default: int
    autoregressive: int
    least: int
    help: str


SIZES = {
    "num_images": Size(1000, 200, 2, "images of the test split"),
    "num_codes": Size(10000, 2000, 2, "images of the test split where they are only encoded"),
    "num_samples": Size(500, 20, 1, "k, draws an image of the bound on log p(x)"),
    "num_generated": Size(1000, 200, 2, "samples drawn in each way, ancestral and Gibbs"),
    "chain_steps": Size(50, 20, 8, "steps of the Gibbs chain that samples are taken from"),
    "num_chains": Size(100, 32, 2, "Gibbs chains for the diagnostics"),
    "ais_images": Size(8, 4, 2, "images, simulated and of the test split, that are annealed"),
    "ais_chains": Size(4, 2, 1, "annealed chains an image"),
    "ais_temperatures": Size(200, 20, 2, "temperatures of a chain"),
    "num_permutations": Size(500, 500, 20, "permutations of the two-sample test"),
    "num_points": Size(64, 64, 2, "prior draws z at which q(x|z) is looked at"),
    "classifier_steps": Size(2000, 2000, 1, "training steps of the classifier of the features"),
    "grid": Size(8, 6, 2, "rows and columns of a grid of samples"),
    "batch_size": Size(100, 50, 1, "images at a time"),
}


# Those that are numbers of test images.
IMAGES = ("num_images", "num_codes", "num_chains", "ais_images")


def is_autoregressive(model):
    """Whether the second column of defaults holds for a model."""
    return not model.family.has_mean


def resolve(model, given, available):
    """Every size for a model: what is given, else its default; never more images than there are.

    Args:
      model: a LatentVariableModel.
      given: {name: int or None}.
      available: images in the test split.

    Raises:
      ValueError: an unknown name, or a value below the least.
    """
    from tfgvae import checks  # It starts TensorFlow, which a help text does without.

    for name in given:
        check_name(SIZES, name, "setting")
    slow = is_autoregressive(model)
    sizes = {}
    for name, size in SIZES.items():
        value = given.get(name)
        if value is None:
            value = size.autoregressive if slow else size.default
        sizes[name] = checks.integer(name, value, size.least)
    for name in IMAGES:
        sizes[name] = min(sizes[name], available)
    return sizes

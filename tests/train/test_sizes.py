"""Sizes beyond all use are refused before anything is allocated: by flags and by classes."""

import pytest

from configs import base, catalog
from configs.check import check
from configs.components import field_type
from configs.resolve import part_names
from tfgvae.data import ImageInfo
from train import build

# Numbers that are no sizes; the class of levels has a bound of its own.
UNBOUNDED = ("levels", "widths")
DIGITS = ImageInfo(image_shape=(8, 8, 1), num_examples=100, num_classes=10)


def arguments():
    """(kind, name, argument) of every size of every component."""
    for kind in catalog.TABLES:
        for name, component in catalog.table(kind).items():
            for argument, found in component.arguments.items():
                if field_type(found) in (int, tuple) and argument not in UNBOUNDED:
                    yield kind, name, argument


def beyond(kind, name, argument):
    """A configuration in which one argument of one component is 10^9."""
    config = base.get_config()
    config[kind].name = name
    if kind == "model":  # Only the parts that the model takes.
        config.regularizer.name = "kl" if "regularizer" in part_names(config) else None
    found = catalog.table(kind)[name].arguments[argument]
    config[kind][argument] = 10**9 if field_type(found) is int else (8, 10**9)
    return config


@pytest.mark.parametrize(("kind", "name", "argument"), arguments())
def test_every_size_has_an_upper_bound(kind, name, argument):
    config = beyond(kind, name, argument)
    with pytest.raises(ValueError, match=rf"{kind}\.{argument} must be at most \d+, got"):
        check(config)
    with pytest.raises(ValueError, match=rf"{argument} must be at most \d+, got"):
        build.model(config, DIGITS)


@pytest.mark.parametrize("key", ["train.batch_size", "data.image_size", "pictures.gibbs_steps"])
def test_sizes_of_data_have_upper_bounds(key):
    config = base.get_config()
    config.update_from_flattened_dict({key: 10**9})
    with pytest.raises(ValueError, match=f"{key} must be at most"):
        check(config)

"""Recipes: each builds and trains; component tables become typed fields."""

import itertools

import numpy as np
import pytest
from ml_collections import config_dict

import configs
from tests.train import tiny_runs as tiny
from tfgvae import Marginal, data
from train import build, datasets

# They take long to trace, or are like another one: vae trains in test_resuming.py, too.
LONG = ("pixelvae_pp", "pixelcnn_pp", "seqvae_celeba", "seqvae_lsun", "pixelvae_authors")
LONG += ("vae", "vae2d", "gvae", "fixedq")


@pytest.mark.parametrize(
    "recipe",
    [pytest.param(r, marks=pytest.mark.slow if r in LONG else ()) for r in configs.RECIPES],
)
def test_every_recipe_builds_and_steps(recipe, tiny_config):
    config = tiny_config(recipe)
    loaded = datasets.Datasets(config)
    model = build.compiled(config, loaded.training_info)
    before = [np.array(w) for w in model.trainable_weights]
    batches = loaded.training(model.family, 0)
    losses = model.fit(batches, epochs=1, steps_per_epoch=1, verbose=0, shuffle=False).history
    assert np.isfinite(losses["loss"]).all()
    after = [np.array(w) for w in model.trainable_weights]
    assert any((a != b).any() for a, b in zip(before, after, strict=True))


ALONE = {"pixelcnn": "pixelvae", "pixelcnn_pp": "pixelvae_pp"}


@pytest.mark.parametrize("recipe", ALONE)
@pytest.mark.parametrize("labels", [False, True])
def test_the_pixelcnn_alone_has_no_other_part(recipe, labels):
    config = configs.get_config(recipe)
    config.label_condition = labels
    model = build.model(config, data.ImageInfo((8, 8, 1), 10, 3))
    assert isinstance(model, Marginal) and model.num_classes == (3 if labels else 0)
    assert config.train == configs.get_config(ALONE[recipe]).train
    config.regularizer.name = "kl"
    with pytest.raises(ValueError, match="'marginal' takes no regularizer"):
        build.model(config, data.ImageInfo((8, 8, 1), 10, 3))


def test_an_unknown_recipe_is_an_error_that_lists_the_known():
    with pytest.raises(ValueError, match="seqvae"):
        configs.get_config("vea")


def test_arguments_without_a_name_belong_to_the_default():
    section = config_dict.ConfigDict({"name": None, "width": 3, "dense": None})
    assert build.specification(section, "conv") == {"name": "conv", "width": 3}
    section.width = None
    assert build.specification(section, "conv") is None


def test_an_argument_that_the_component_does_not_take_is_an_error():
    config = tiny.config("vae")
    config.regularizer.num_prior_samples = 5
    with pytest.raises(ValueError, match="num_prior_samples"):
        build.model(config, datasets.Datasets(config).training_info)


def test_labels_are_refused_where_there_are_none():
    config = tiny.config("vae")
    config.label_condition = True
    with pytest.raises(ValueError, match="no labels"):
        build.model(config, data.ImageInfo((8, 8, 1), 10, None))


class Density:
    discrete = False

    def __init__(self, learned):
        self.learned = learned


def test_only_densities_with_a_learned_scale_are_dequantised():
    config = tiny.config("vae")
    assert not datasets.dequantizes(config, Density("fixed"))
    assert datasets.dequantizes(config, Density("global"))
    for choice, learned in itertools.product([False, True], ["fixed", "pixel"]):
        config.data.dequantize = choice
        assert datasets.dequantizes(config, Density(learned)) == choice


def test_binarised_pixels_are_not_dequantised():
    config = tiny.config("vae")
    config.data.binarize = "dynamic"
    assert not datasets.dequantizes(config, Density("global"))

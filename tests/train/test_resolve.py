"""Every value of a run, from a recipe and the fields that the user set."""

import pytest

import configs
from configs import catalog
from configs.check import check
from configs.fields import flat, typed
from configs.resolve import COUNTS, fill, replace, shorten


def adapted(recipe, **changes):
    """(the recipe with `changes`, keys with __ for the dot, adapted; the lines)."""
    origin, config = configs.get_config(recipe), configs.get_config(recipe)
    given = {key.replace("__", "."): value for key, value in changes.items()}
    config.update_from_flattened_dict(given)
    config, replaced = replace(config, set(given), origin)
    config, shortened = shorten(config, set(given), origin)
    return config, replaced + shortened


@pytest.mark.parametrize("recipe", configs.RECIPES)
def test_a_recipe_fits_itself_and_is_filled_once(recipe):
    config, lines = adapted(recipe)
    assert flat(config) == flat(configs.get_config(recipe)) and lines == []
    filled = fill(config)
    assert flat(fill(filled)) == flat(filled)
    # What the recipe sets stays.
    assert {k: v for k, v in flat(config).items() if v is not None}.items() <= flat(filled).items()


def test_every_argument_of_the_chosen_components_has_its_default():
    filled = fill(configs.get_config("vae"))
    assert flat(filled)["mapping.name"] == "conv" and filled.inference.name == "gaussian"
    for kind in catalog.TABLES:
        section = filled[kind]
        takes = catalog.table(kind)[section.name].arguments
        for name in section:
            if name in takes:
                assert section.get(name) == takes[name].default
            else:
                assert name == "name" or section.get(name) is None


def test_a_default_that_is_a_part_with_options():
    family = fill(configs.get_config("infusion")).family
    assert (family.name, family.learned, family.scale) == ("gaussian", "pixel", 0.3)
    config = configs.get_config("infusion")
    config.family.name = "gaussian"  # By name it has its own defaults.
    assert fill(config).family.learned == "fixed"


def test_a_part_that_the_user_chose_keeps_no_options_of_the_recipes():
    config, lines = adapted("seqvae", family__name="bernoulli")
    assert fill(config).family.scale is None
    assert "family.scale = 0.12" in lines[0] and "'bernoulli' replaces 'gaussian'" in lines[0]
    config, _ = adapted("pixelvae", regularizer__name="mmd", regularizer__schedule_steps=7.0)
    filled = fill(config).regularizer
    assert (filled.schedule, filled.schedule_steps) == ("constant", 7.0)
    assert fill(adapted("fixedq", inference__name="gaussian")[0]).inference.trunk == "conv"


def test_the_part_that_the_recipe_has_keeps_its_options():
    config, lines = adapted("seqvae", family__name="gaussian")
    assert config.family.scale == 0.12 and lines == []
    config, lines = adapted("infusion", mapping__name="mlp")  # The default of the model.
    assert config.mapping.dense == (512, 512) and lines == []


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("regularizer__name", "moments", "'moments' compares q(z) with N(0, I)"),
        ("label_condition", True, "p(z) takes no label"),
        ("model__latent_prediction", True, "another prior"),
    ],
)
def test_the_recipes_prior_of_a_step_gives_way(field, value, reason):
    config, lines = adapted("seqvae", **{field: value})
    assert fill(config).model.step_prior == "normal"
    assert any("model.step_prior = conditional" in line and reason in line for line in lines)
    # A run that goes on has nothing left to leave out.
    stored = fill(config)
    assert replace(stored, {field.replace("__", ".")}, stored)[1] == []
    # What the user set stays, and is an error later.
    config, _ = adapted("seqvae", **{field: value}, model__step_prior="conditional")
    assert fill(config).model.step_prior == "conditional"


def test_the_recipes_training_gives_way_to_the_older_names():
    config, lines = adapted("seqvae", model__stop_gradient=False)
    assert fill(config).model.training is None and fill(config).model.step_prior == "conditional"
    assert "model.training = annealed (model.stop_gradient says" in lines[0]


def test_a_model_that_the_user_chose_leaves_out_the_parts_that_it_does_not_take():
    config, lines = adapted("seqvae", model__name="marginal")
    filled = fill(config)
    assert filled.regularizer.name is None and filled.model.num_steps is None
    assert filled.family.scale == 0.12
    assert any("'marginal' takes no regularizer" in line for line in lines)
    for change in ({"regularizer__name": "kl"}, {"regularizer__weight": 2.0}):
        config, _ = adapted("vae", model__name="marginal", **change)
        with pytest.raises(ValueError, match="'marginal' takes no regularizer; it takes"):
            fill(config)


@pytest.mark.parametrize("recipe", configs.RECIPES)
@pytest.mark.parametrize("steps", [1, 2, 50, 101])
def test_every_recipe_takes_every_number_of_steps(recipe, steps):
    config, lines = adapted(recipe, train__steps=steps)
    check(config)
    own, now = flat(configs.get_config(recipe)), flat(config)
    changed = {key for key in now if now[key] != own[key]} - {"train.steps"}
    assert changed <= set(COUNTS)
    for key in changed:
        share = own[key] / own["train.steps"]
        if key == "train.warmup_steps":  # It is an integer.
            assert share * steps - 1 < now[key] <= share * steps
        else:
            assert now[key] == pytest.approx(share * steps)
    assert len(lines) == len(changed)
    assert all(str(own[key]).removesuffix(".0") in " ".join(lines) for key in changed)


def test_a_warm_up_that_fits_stays():
    assert adapted("seqvae", train__steps=500)[1] == []
    config, lines = adapted("seqvae", train__steps=499)
    assert config.train.warmup_steps == 100 and config.model.anneal_steps < 499
    assert len(lines) == 1


def test_what_the_user_sets_against_each_other_is_an_error():
    # 100 is the recipe's value, too: set by the user it stays.
    config, _ = adapted("seqvae", train__steps=50, train__warmup_steps=100)
    with pytest.raises(ValueError, match="warmup_steps must be < steps = 50, got 100"):
        check(config)
    config, _ = adapted("seqvae", regularizer__schedule_steps=9e9)
    assert config.regularizer.schedule_steps == 9e9


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mapping__name": "cnn"}, "unknown mapping 'cnn'; known: authors_ladder, conv"),
        ({"model__name": "gave"}, "unknown model 'gave'; known: gvae, infusion"),
        ({"regularizer__kernel": "gaussian"}, r"regularizer 'kl' takes no kernel; it takes: \["),
        ({"mapping__latent_groups": (1,)}, "mapping 'conv' takes no latent_groups"),
    ],
)
def test_names_and_arguments_that_there_are_not(changes, said):
    with pytest.raises(ValueError, match=said):
        fill(adapted("vae", **changes)[0])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data__name": "digits:9"}, "digits takes no argument"),
        ({"data__name": "folder:/nowhere"}, "/nowhere"),
        ({"data__name": "mnits"}, "unknown data set 'mnits'; known: digits"),
        ({"data__binarize": "always"}, "binarize must be one of"),
        ({"data__augment": "rotate"}, "augment must be one of"),
        ({"train__optimizer": "adamm"}, "unknown optimizer 'adamm'; known: adam"),
        ({"train__schedule": "cosin"}, "known: constant, cosine"),
        ({"train__keep": 0}, "train.keep must be >= 1, got 0"),
        ({"train__warmup_steps": -1}, "warmup_steps must be >= 0"),
        ({"pictures__num": 17}, r"pictures\.num must be 0 to 16"),
    ],
)
def test_values_that_make_no_run(changes, said):
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        check(adapted("vae", **changes)[0])


def test_sets_that_tfds_may_know_are_left_to_it(tmp_path):
    (tmp_path / "own").mkdir()
    for name in ("own", "mnist", "lsun/bedroom", "cifar10:3.0.2"):
        check(adapted("vae", data__name=name, data__data_dir=str(tmp_path))[0])
    check(adapted("vae", data__name="own", data__data_dir="gs://bucket")[0])


def test_values_found_from_others_are_found_again():
    origin = configs.get_config("vae")
    origin.data.dequantize = origin.train.weight_decay = None
    resolved = typed({**flat(origin), "data.dequantize": True, "train.weight_decay": 0.004})
    changed = typed({**flat(resolved), "train.optimizer": "sgd", "data.binarize": "static"})
    config, _ = replace(changed, {"train.optimizer", "data.binarize"}, resolved)
    assert config.data.dequantize is None and config.train.weight_decay is None
    changed.train.weight_decay = 0.1
    config, _ = replace(changed, {"train.optimizer", "train.weight_decay"}, resolved)
    assert config.train.weight_decay == 0.1

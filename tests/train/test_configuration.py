"""The configuration of a run: the user's fields replace those of the folder."""

import dataclasses
import json

import pytest

import configs
from configs import catalog
from configs.fields import flat
from configs.resolve import COUNTS
from tests.train import tiny_runs as tiny
from tfgvae import runs
from train import configuration, workdir
from train.configuration import as_json, differences, settle
from train.errors import SetupError


@pytest.fixture
def folder(tmp_path):
    """A folder with the run of a tiny VAE of 4 steps."""
    workdir.prepare(tmp_path, settle(tiny.config("vae"), tmp_path).config)
    return tmp_path


def settled(folder, config=None, **given):
    """The command's configuration with the flags `given`; __ in a key means a dot."""
    config = config or configs.get_config("vae")
    given = {key.replace("__", "."): value for key, value in given.items()}
    config.update_from_flattened_dict(given)
    return settle(config, folder, frozenset(given)).config


def test_config_json_holds_the_defaults_of_classes(folder):
    stored = runs.read_config(folder)
    assert stored["recipe"] == "vae"
    assert stored["inference"] == {
        "name": "gaussian",
        "trunk": "conv",
        "width": 2,
        "dense": [8],
        "norm": "none",
        "activation": "elu",
        "min_stddev": 0.001,
        "deviation": "softplus",
    }
    assert stored["family"] == {"name": "bernoulli"}


def changed_default(monkeypatch, kind, name, argument, value):
    table = dict(catalog.table(kind))
    found = catalog.Argument(table[name].arguments[argument].annotation, value)
    arguments = {**table[name].arguments, argument: found}
    table[name] = dataclasses.replace(table[name], arguments=arguments)
    read = catalog.table
    monkeypatch.setattr(catalog, "table", lambda of: table if of == kind else read(of))


def test_a_default_that_changes_changes_no_run(folder, monkeypatch):
    changed_default(monkeypatch, "regularizer", "kl", "weight", 7.0)
    changed_default(monkeypatch, "mapping", "conv", "activation", "relu")
    for config in (settle(tiny.config("vae"), folder).config, settled(folder)):
        assert config.regularizer.weight == 1.0 and config.mapping.activation == "elu"
    assert settle(tiny.config("vae"), folder / "new").config.regularizer.weight == 7.0


def test_flags_go_on_top_of_the_folder(folder):
    stored = runs.read_config(folder)
    assert as_json(settled(folder)) == stored
    config = settled(folder, train__keep=9, pictures__num=0)
    assert config.mapping.width == 2 and config.train.keep == 9 and config.pictures.num == 0
    # The recipe has another value, and nobody set it.
    assert config.train.batch_size == 8 != configs.get_config("vae").train.batch_size


@pytest.mark.parametrize("size", [4, (4, 4)])
def test_a_side_is_the_size_that_the_folder_says(tmp_path, size):
    config = tiny.config("vae")
    config.data.image_size = 4
    config = settle(config, tmp_path).config
    assert config.data.image_size == (4, 4)
    workdir.prepare(tmp_path, config)
    assert settled(tmp_path, data__image_size=size).data.image_size == (4, 4)
    with pytest.raises(SetupError, match=r"image_size: \[4, 4\] -> \[5, 5\]"):
        settled(tmp_path, data__image_size=5)


def test_none_from_python_is_what_the_folder_says(folder):
    config = tiny.config("vae")
    config.mapping.width = None
    assert settle(config, folder).config.mapping.width == 2
    assert settle(config, folder / "new").config.mapping.width == 32


def test_another_configuration_is_refused_with_its_differences(folder):
    config = tiny.config("vae")
    config.train.batch_size = 9
    config.regularizer.weight = 2.0
    said = []
    for call in (
        lambda: settle(config, folder),
        lambda: settled(folder, train__batch_size=9, regularizer__weight=2.0),
    ):
        with pytest.raises(SetupError, match="--overwrite_config") as error:
            call()
        said.append(str(error.value))
    assert said[0] == said[1] and said[0].count("->") == 2
    assert "regularizer.weight: 1.0 -> 2.0" in said[0]
    assert "train.batch_size: 8 -> 9" in said[0]
    assert settle(config, folder, overwrite=True).config.train.batch_size == 9


def test_another_part_has_its_own_defaults(folder):
    config = configs.get_config("vae")
    config.regularizer.name = "mmd"
    with pytest.raises(SetupError, match=r'regularizer\.name: "kl" -> "mmd"') as error:
        settle(config, folder, {"regularizer.name"})
    assert str(error.value).count("->") == 1  # The rest follows from it.
    found = settle(config, folder, {"regularizer.name"}, overwrite=True).config.regularizer
    assert (found.weight, found.free_bits) == (1000.0, None)


def test_fields_that_do_not_change_the_past_may_change(folder):
    config = tiny.config("vae", steps=9, checkpoint_every=7, eval_images=3, log_every=7, keep=9)
    config.data.update(data_dir="/elsewhere", download=True)
    config.pictures.update(num=3, gibbs_steps=5, mean=False)
    assert settle(config, folder).config.train.steps == 9
    known = flat(configs.get_config("vae"))
    assert all(key in known for key in configuration.FREE if not key.endswith("*"))


def test_another_recipe_is_refused_and_both_are_named(folder):
    for config in (tiny.config("uvae"), configs.get_config("uvae")):
        with pytest.raises(SetupError, match="run of --model=vae, got --model=uvae"):
            settle(config, folder)
    config = settle(tiny.config("uvae"), folder, overwrite=True).config
    assert (config.recipe, config.regularizer.name) == ("uvae", "none")


def test_a_longer_run_keeps_the_warm_up_that_it_had(tmp_path):
    short = configs.get_config("seqvae")
    short.train.steps = 50
    workdir.prepare(tmp_path, settle(short, tmp_path).config)
    config = configs.get_config("seqvae")
    config.train.steps = 5000
    for given in (None, {"train.steps"}):
        found = settle(config, tmp_path, given)
        assert (found.config.train.warmup_steps, found.config.train.steps) == (3, 5000)
        assert found.config.regularizer.schedule_steps == 200 * 50 / 1400
        assert found.lines == []


def old(folder, recipe="vae"):
    """Write config.json as it was: None where nobody set a value, no name of a recipe."""
    config = json.loads(json.dumps(tiny.config(recipe).to_dict()))
    del config["recipe"]
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("recipe", sorted(set(configs.RECIPES) - {"fixedq"}))
def test_an_old_folder_goes_on(tmp_path, recipe):
    old(tmp_path, recipe)
    assert runs.read_config(tmp_path)["family"]["levels"] is None
    found = settle(tiny.config(recipe), tmp_path)
    # The old run's warm-ups stay, although a new run would shorten them.
    past = {key: flat(tiny.config(recipe))[key] for key in COUNTS}
    past = {key: value for key, value in past.items() if value is not None}
    new = flat(settle(tiny.config(recipe), tmp_path / "new").config)
    assert flat(found.config) == {**new, **past}
    assert found.stored is not None and found.config.recipe == recipe
    # Without --model, from the folder alone.
    alone, _ = configuration.read(tmp_path)
    config = settle(alone, tmp_path, frozenset()).config
    assert as_json(config) == {**as_json(found.config), "recipe": None}


def test_an_old_folder_is_compared_as_a_whole(tmp_path):
    old(tmp_path)
    with pytest.raises(SetupError, match=r'regularizer\.name: "kl" -> "mmd"'):
        settle(tiny.config("gvae"), tmp_path)
    # The command's recipe too: the folder does not say whose values it has.
    with pytest.raises(SetupError, match=r"train\.batch_size: 8 -> 64"):
        settled(tmp_path)
    changed = {"mapping__width": 2, "mapping__dense": (8,), "mapping__activation": "relu"}
    with pytest.raises(SetupError, match=r'mapping\.activation: "elu" -> "relu"'):
        settled(tmp_path, tiny.config("vae"), **changed)


def test_a_field_that_is_no_longer_known_is_a_difference(folder):
    stored = runs.read_config(folder)
    stored["train"]["momentum"] = 0.9
    stored["train"]["nesterov"] = None
    (folder / "config.json").write_text(json.dumps(stored))
    with pytest.raises(SetupError, match=r"train\.momentum: 0\.9 -> null") as error:
        settled(folder)
    assert "nesterov" not in str(error.value)


def test_a_field_unknown_to_one_side_is_no_difference_at_none():
    assert differences({"a": 1}, {"a": 1, "b": {"c": None}}) == []
    assert differences({}, {"b": {"c": 2}}) == ["b.c: null -> 2"]


def test_a_field_that_there_is_not(tmp_path):
    config = configs.get_config("vae")
    config.train.lr = 0.1
    with pytest.raises(ValueError, match=r"a configuration has no field train\.lr"):
        settle(config, tmp_path)


def test_what_is_no_configuration(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        configuration.require(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"no config\.json"):
        configuration.require(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="is not JSON"):
        configuration.require(tmp_path)

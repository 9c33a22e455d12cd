"""The command line: its help, and the errors for wrong flags."""

import json
import pathlib

import pytest

import configs
from train import flag_help, flags
from train.errors import SetupError


def parse(*arguments):
    return flags.parse(["run", *arguments])


def test_help_names_every_model_and_field():
    text = flag_help.text(["run", "--help", "--model=vae2d"])
    for recipe, line in configs.RECIPES.items():
        assert f"{recipe} " in text and line in text
    for key, _, _ in flags.fields(configs.get_config("vae2d")):
        assert f"--config.{key} (" in text
    assert "--config.data.name (str) = mnist" in text
    for flag in flags.SHORTCUTS:
        assert f"--{flag}=" in text


def test_fields_are_set_by_flags_with_their_types():
    values = parse(
        "--model",
        "gvae",
        "--config.regularizer.name=kl",
        "--config.regularizer.weight=3",
        "--config.mapping.dense=16,8",
        "--config.data.crop=square",
        "--config.data.image_size=32",
        "--config.train.deterministic_ops",
        "--steps=7",
        "--dataset=folder:/somewhere",
        "--seed=5",
    )
    config = values.config
    assert values.given == {
        "regularizer.name",
        "regularizer.weight",
        "mapping.dense",
        "data.crop",
        "data.image_size",
        "data.name",
        "train.deterministic_ops",
        "train.steps",
        "seed",
    }
    assert config.regularizer.to_dict()["weight"] == 3.0
    assert isinstance(config.regularizer.weight, float)
    assert tuple(config.mapping.dense) == (16, 8)
    assert (config.data.crop, config.data.image_size) == ("square", 32)
    assert config.train.deterministic_ops and config.train.steps == 7
    assert config.data.name == "folder:/somewhere" and config.seed == 5
    assert values.strategy == "auto" and not values.overwrite_config
    assert values.folder == pathlib.Path("runs/gvae-folder_somewhere")


def test_a_recipe_differs_from_base_and_flags_from_it():
    assert parse("--model=uvae").config.regularizer.name == "none"
    assert parse("--model=vae2d").config.data.name == "mnist"
    assert parse("--model=vae2d", "--dataset=digits").config.data.name == "digits"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--model is required"),
        (["--model=vea"], r"unknown model 'vea'; known: .*gvae, .*seqvae"),
        (["--model=vae", "--config.train.step=5"], r"no 'step'; it has: .*steps"),
        (["--model=vae", "--config.trian.steps=5"], r"no 'trian'; it has: .*train"),
        (["--model=vae", "--config.train.steps.more=5"], "no fields"),
        (["--model=vae", "--config.train.steps=many"], "many"),
        (["--model=vae", "--steps=1.5"], "1.5"),
        (["--model=vae", "--dataste=mnist"], "dataste.*dataset"),
        (["--model=vae", "mnist"], "unexpected arguments: mnist"),
        (["--model=vae", "--config.recipe=gvae"], "--config.recipe is set by --model"),
        (
            ["--model=vae", "--strategy=two"],
            "unknown strategy 'two'; known: auto, mirrored, multiworker, one",
        ),
    ],
)
def test_mistakes_are_explained(arguments, said):
    with pytest.raises(SetupError, match=said):
        parse(*arguments)


def test_the_model_may_be_left_out_where_a_run_is(tmp_path):
    with pytest.raises(SetupError, match=f"{tmp_path} holds no run to resume, and --model"):
        parse(f"--workdir={tmp_path}")
    (tmp_path / "config.json").write_text(json.dumps({"recipe": "vae2d", "train": {"steps": 9}}))
    values = parse(f"--workdir={tmp_path}", "--batch_size=3")
    assert values.config.recipe == "vae2d" and values.given == {"train.batch_size"}
    (tmp_path / "config.json").write_text(json.dumps({"train": {"steps": 9}}))
    assert parse(f"--workdir={tmp_path}").config.recipe is None

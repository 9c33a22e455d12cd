"""`python -m train.reproduce`: its files, its errors, and the work that it does not repeat."""

import csv
import importlib
import json

import matplotlib.image
import numpy as np
import pytest

import configs
from tests.reproduce import tiny_experiments
from train.errors import SetupError
from train.reproduce import EXPERIMENTS, PRESETS, reproduce
from train.reproduce.__main__ import main

# A PixelCNN++ takes a minute to trace; only its recipe and two claims are special to figure6.
SLOW = "figure4", "figure5", "figure6", "chains"
FIGURES = ["figure2", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


def run(experiment, folder, monkeypatch):
    """Run an experiment in the size for tests: the lines that it said."""
    module = importlib.import_module(f"train.reproduce.{experiment}")
    monkeypatch.setattr(module, "SETTINGS", {"quick": tiny_experiments.settings(experiment)})
    said = []
    reproduce(experiment, folder, dataset="digits", say=said.append)
    return said


@pytest.mark.parametrize("experiment", FIGURES)
def test_a_figure_and_its_numbers(experiment, tmp_path, monkeypatch):
    said = run(experiment, tmp_path, monkeypatch)
    picture = matplotlib.image.imread(tmp_path / f"{experiment}.png")
    assert picture.std() > 0  # Not an empty page.
    assert (tmp_path / f"{experiment}.pdf").read_bytes().startswith(b"%PDF")

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    report = json.loads((tmp_path / f"{experiment}.json").read_text(), parse_constant=refuse)
    assert report["experiment"] == experiment and report["preset"] == "quick"
    with open(tmp_path / f"{experiment}.csv") as file:
        assert len(list(csv.DictReader(file))) == len(report["rows"]) > 0
    for claim in report["claims"]:
        verdict = "[holds]" if claim["holds"] else "[DOES NOT HOLD]"
        assert f"{verdict} {claim['claim']}" in said


@pytest.mark.slow
def test_a_second_call_trains_nothing_and_finds_the_same(tmp_path, monkeypatch):
    run("figure2", tmp_path, monkeypatch)
    first = (tmp_path / "figure2.json").read_text()
    again = run("figure2", tmp_path, monkeypatch)
    assert any("This run has finished" in line for line in again)
    assert (tmp_path / "figure2.json").read_text() == first


def test_unknown_names_list_the_known(tmp_path):
    with pytest.raises(SetupError, match=r"unknown experiment 'figure3'; known: .*figure2"):
        reproduce("figure3", tmp_path)
    with pytest.raises(SetupError, match="unknown preset 'fast'; known: paper, quick"):
        reproduce("figure2", tmp_path, preset="fast")


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert main(["--experiment=figure3", f"--output={tmp_path}"]) == 2
    assert "unknown experiment" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["--experiment=figure2", f"--output={tmp_path}/file"]) == 2


@pytest.mark.parametrize("experiment", ["figure5", "chains"])
def test_data_without_labels_are_refused_before_the_first_training(experiment, tmp_path):
    """A folder with the same images for both splits, and no classes."""
    for split in ("train", "test"):
        (tmp_path / "data" / split).mkdir(parents=True)
        matplotlib.image.imsave(tmp_path / "data" / split / "one.png", np.zeros([28, 28, 3]))
    with pytest.raises(SetupError, match="has no labels: use --dataset=digits"):
        reproduce(experiment, tmp_path / "out", dataset=f"folder:{tmp_path}/data")
    assert not list((tmp_path / "out").iterdir())


RECIPES = {"figure2": "vae2d", "figure4": "seqvae", "figure5": "pixelvae", "figure6": "pixelvae_pp"}
RECIPES["chains"] = "pixelvae_authors"


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("experiment", RECIPES)
def test_a_preset_sets_fields_that_its_recipe_has(experiment, preset):
    training = importlib.import_module(f"train.reproduce.{experiment}").SETTINGS[preset].training
    config = configs.get_config(RECIPES[experiment])
    config.update_from_flattened_dict(training)
    assert config.train.steps % config.train.checkpoint_every == 0


def test_every_experiment_has_every_preset():
    for name in EXPERIMENTS:
        module = importlib.import_module(f"train.reproduce.{name}")
        assert set(module.SETTINGS) == set(PRESETS)

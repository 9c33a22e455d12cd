"""`python -m train.classifier`: its files, when it trains again, its errors."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from tfgvae import data
from train.classifier import main, trained_classifier
from train.classifier_settings import Settings
from train.classifier_training import accuracy
from train.errors import SetupError, TrainError

SMALL = {"steps": 30, "width": 4, "dense": (8,), "batch_size": 32}
FLAGS = ["--dataset=digits", "--steps=30", "--width=4", "--dense=8", "--batch_size=32"]


def silent(line):
    pass


def train(output, **settings):
    return trained_classifier("digits", output, say=silent, **{**SMALL, **settings})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(tmp_path_factory.mktemp("classifier") / "digits.keras")


def test_the_accuracy_in_the_record_is_that_of_the_file(trained):
    network = keras.models.load_model(trained)
    record = json.loads(trained.with_suffix(".json").read_text())
    test = next(iter(data.load("digits", "test", batch_size=297)))
    right = np.argmax(network(test["image"]), axis=-1) == test["label"].numpy()
    rate = right.mean()
    assert record["test_accuracy"]["value"] == pytest.approx(rate)
    error = np.sqrt(rate * (1 - rate) / 296)  # the binomial's, with the sample's N - 1
    assert record["test_accuracy"]["standard_error"] == pytest.approx(error)
    assert record["settings"] == Settings("digits", **SMALL).as_dict()
    assert rate > 0.1 + 5 * np.sqrt(0.1 * 0.9 / 297)  # A guess among ten classes has 0.1.


@pytest.mark.slow
def test_one_seed_one_network(trained, tmp_path):
    again = keras.models.load_model(train(tmp_path / "again.keras"))
    other = keras.models.load_model(train(tmp_path / "other.keras", seed=1))
    weights = keras.models.load_model(trained).get_weights()
    assert all(map(np.array_equal, weights, again.get_weights()))
    assert not all(map(np.array_equal, weights, other.get_weights()))


@pytest.mark.slow
def test_binarized_images_are_what_it_is_tested_on(tmp_path):
    network = keras.models.load_model(train(tmp_path / "binary.keras", binarize="static"))
    settings = Settings("digits", **SMALL, binarize="static")
    found = accuracy(network, data.Split("digits", "test"), settings)
    test = next(iter(data.load("digits", "test", batch_size=297, binarize="static")))
    right = np.argmax(network(test["image"]), axis=-1) == test["label"].numpy()
    assert found.value == pytest.approx(right.mean())
    assert set(np.unique(test["image"])) == {0.0, 1.0}


def test_the_command_writes_uses_again_and_refuses(tmp_path, capsys):
    output = tmp_path / "new" / "digits.keras"
    assert main([*FLAGS, f"--output={output}"]) == 0
    assert "Test accuracy" in capsys.readouterr().out
    assert "--width=4" in json.loads(output.with_suffix(".json").read_text())["command"]
    written = output.stat().st_mtime_ns
    assert main([*FLAGS, f"--output={output}"]) == 0
    assert "is there, trained with these settings" in capsys.readouterr().out
    assert main([*FLAGS, f"--output={output}", "--seed=3"]) == 2
    assert "seed: 0 -> 3" in capsys.readouterr().err
    assert output.stat().st_mtime_ns == written
    assert main([*FLAGS, f"--output={output}", "--seed=3", "--overwrite"]) == 0
    assert json.loads(output.with_suffix(".json").read_text())["settings"]["seed"] == 3
    assert sorted(path.name for path in output.parent.iterdir()) == ["digits.json", "digits.keras"]


def test_what_a_killed_training_left_is_removed(tmp_path):
    left = tmp_path / f".x.keras.writing-{'0' * 32}"
    left.mkdir()
    (left / "x.keras").write_bytes(b"half")
    train(tmp_path / "x.keras", steps=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.json", "x.keras"]


@pytest.mark.slow
def test_a_damaged_file_is_trained_again(trained, tmp_path):
    output = tmp_path / "digits.keras"
    content = bytearray(trained.read_bytes())
    content[len(content) // 2] ^= 1
    output.write_bytes(content)
    output.with_suffix(".json").write_text(trained.with_suffix(".json").read_text())
    said = []
    trained_classifier("digits", output, say=said.append, **SMALL)
    assert "damaged" in said[0]
    whole = keras.models.load_model(output).get_weights()
    assert all(map(np.array_equal, whole, keras.models.load_model(trained).get_weights()))


@pytest.mark.parametrize("record", [None, "[]", "{", "{}"])
def test_a_file_of_unknown_settings_is_left_alone(trained, tmp_path, record):
    output = tmp_path / "digits.keras"
    output.write_bytes(trained.read_bytes())
    if record is not None:
        output.with_suffix(".json").write_text(record)
    with pytest.raises(SetupError, match="is there, with other settings"):
        train(output)
    assert output.read_bytes() == trained.read_bytes()


def test_data_without_labels_are_refused(tmp_path):
    for i in range(20):
        Image.new("L", (8, 8), i).save(tmp_path / f"{i}.png")
    with pytest.raises(SetupError, match=r"trained on labels, and split 'train' of .* none"):
        trained_classifier(f"folder:{tmp_path}", tmp_path / "x.keras", say=silent)
    assert not (tmp_path / "x.keras").exists()


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"steps": 0}, "steps must be an integer >= 1"),
        ({"learning_rate": 0.0}, "learning_rate must be finite and > 0"),
        ({"batch_size": 5000}, "batch_size must be at most"),
        ({"trunk": "vgg"}, "unknown trunk"),
        ({"binarize": "yes"}, "binarize must be one of"),
        ({"test_split": "exam"}, "split of digits"),
        ({"depth": 3}, "depth"),
    ],
)
def test_bad_settings_are_named(settings, message, tmp_path):
    with pytest.raises(TrainError, match=message):
        train(tmp_path / "x.keras", **settings)
    assert not list(tmp_path.iterdir())


def test_an_output_of_another_kind_is_refused(tmp_path):
    with pytest.raises(SetupError, match=r"ends in \.keras"):
        train(tmp_path / "classifier.h5")


@pytest.mark.slow
def test_weights_that_are_not_finite_are_not_written(tmp_path):
    with pytest.raises(TrainError, match="not finite"):
        train(tmp_path / "x.keras", learning_rate=1e30, norm="none")
    assert not list(tmp_path.iterdir())

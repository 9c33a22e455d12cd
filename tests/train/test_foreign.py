"""Files that are damaged, or of another program: one sentence that names them, and status 2."""

import io
import json
import pathlib
import re
import shutil
import zipfile

import h5py
import keras
import pytest

from tests.train import tiny_runs as tiny
from tfgvae import runs
from tfgvae.inference import classifier
from tfgvae.layers.classifier import ClassifierNetwork
from train import run as command
from train.evaluate import __main__ as evaluation
from train.loop import train_and_evaluate


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    made = tiny.config(steps=2)
    made.pictures.num = 0
    train_and_evaluate(made, folder, "one", say=lambda line: None)
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of a run of 2 steps."""
    return pathlib.Path(shutil.copytree(trained, tmp_path / "run"))


def test_a_name_that_is_too_long_is_one_sentence(tmp_path, capsys):
    assert command.main(["run", "--model=vae", f"--workdir={tmp_path / ('a' * 300)}"]) == 2
    assert re.fullmatch(r"\s*cannot read \S*: File name too long\n", capsys.readouterr().err)


def resume(folder):
    return command.main(["run", f"--workdir={folder}", "--steps=4"])


def evaluate_run(folder):
    return evaluation.main([f"--workdir={folder}"])


def nested(content):
    return b'{"a":' * 100_000


def a_list(content):
    return b"[1, 2]\n"


def a_number(content):
    return b"3\n"


def latin(content):
    return b'{"recipe": "caf\xe9"}\n'


def cut(content):
    return content[: len(content) // 2]


def empty(content):
    return b"{}\n"


def sections_as_numbers(content):
    return json.dumps({"recipe": "vae", "train": 5}).encode() + b"\n"


def values_as_sections(content):
    return json.dumps({"recipe": "vae", "train": {"steps": {"a": 1}}}).encode() + b"\n"


def other_types(content):
    return json.dumps({"recipe": "vae", "train": {"steps": "many"}}).encode() + b"\n"


def numbers_in_step(content):
    return b'{"step": "1", "split": 2}\n'


CONFIG = [nested, a_list, a_number, latin, cut, sections_as_numbers]
CONFIG += [values_as_sections, other_types]


@pytest.mark.parametrize("harm", CONFIG)
@pytest.mark.parametrize("call", [resume, evaluate_run])
def test_a_configuration_of_another_structure_is_named(call, harm, folder, capsys):
    path = folder / "config.json"
    path.write_bytes(harm(path.read_bytes()))
    assert call(folder) == 2
    assert_one_sentence(capsys, path)


def assert_one_sentence(capsys, path):
    said = capsys.readouterr().err.strip()
    assert str(path) in said and "Traceback" not in said
    assert "\n" not in said and len(said) < 1000


@pytest.mark.parametrize("harm", [nested, a_list, a_number, latin, empty, numbers_in_step])
def test_metrics_of_another_structure_are_named(harm, folder, capsys):
    path = folder / "metrics.jsonl"
    path.write_bytes(harm(b"") + b"\n")
    assert resume(folder) == 2
    assert_one_sentence(capsys, path)


def rewritten(path, **parts):
    """Write a .keras file again with other parts: a name without its suffix = its bytes."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents |= {f"{name}.json": content for name, content in parts.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def a_sequential(path):
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    network.save(path)


def no_optimizer(path):
    keras.models.load_model(path, compile=False).save(path)


def nothing_inside(path):
    weights = io.BytesIO()
    h5py.File(weights, "w").close()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "[]")
        archive.writestr("model.weights.h5", weights.getvalue())


def nested_config(path):
    rewritten(path, config=nested(b""))


def numbers_in_config(path):
    rewritten(path, config=b'{"module": 1, "class_name": 2, "config": 3}')


def changed_config(path, change):
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    change(config["config"])
    rewritten(path, config=json.dumps(config).encode())


def a_billion_latents(path):
    changed_config(path, lambda config: config.update(latent_dim=10**9))


def a_billion_units(path):
    a_sequential(path)
    changed_config(path, lambda config: config["layers"][1]["config"].update(units=10**10))


@pytest.mark.parametrize("harm", [a_billion_latents, a_billion_units])
def test_a_checkpoint_of_impossible_sizes_is_refused(harm, folder):
    path = runs.checkpoint_path(folder, 2)
    harm(path)
    with pytest.raises(ValueError, match=r"step_00000002\.keras cannot be loaded: .*(most|more)"):
        runs.load(folder)


@pytest.mark.parametrize("harm", [a_sequential, no_optimizer, nothing_inside])
def test_a_checkpoint_of_something_else_is_not_resumed(harm, folder, capsys):
    path = runs.checkpoint_path(folder, 2)
    harm(path)
    assert resume(folder) == 2
    assert_one_sentence(capsys, path)


@pytest.mark.parametrize("harm", [a_sequential, nothing_inside, nested_config, numbers_in_config])
def test_a_checkpoint_of_something_else_is_not_evaluated(harm, folder, capsys):
    path = runs.checkpoint_path(folder, 2)
    harm(path)
    assert evaluate_run(folder) == 2
    assert_one_sentence(capsys, path)


def test_averages_need_the_optimizer(folder):
    path = runs.checkpoint_path(folder, 2)
    no_optimizer(path)
    with pytest.raises(ValueError, match=r"step_00000002\.keras has no optimizer"):
        runs.load(folder)


def without_arguments(path):
    changed_config(path, dict.clear)


@pytest.mark.parametrize("harm", [without_arguments, nested_config, numbers_in_config])
def test_a_classifier_file_of_something_else_is_named(harm, tmp_path):
    path = tmp_path / "classifier.keras"
    ClassifierNetwork((8, 8, 1), 10, width=2, dense=(8,)).save(path)
    harm(path)
    with pytest.raises(ValueError, match=r"classifier\.keras is damaged, or no") as error:
        classifier.read(path)
    assert "\n" not in str(error.value)


def test_a_fixed_q_without_its_network_is_an_error():
    config = {"latent_dim": 10, "image_shape": (8, 8, 1)}
    with pytest.raises(ValueError, match="must hold its network"):
        classifier.Classifier.from_config(config)

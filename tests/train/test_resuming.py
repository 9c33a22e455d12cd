"""Runs that go on: without flags, longer, with another learning rate, without q's file."""

import json
import os
import shutil
import signal

import numpy as np
import pytest

import configs
import tfgvae
from tests.train import tiny_runs as tiny
from tfgvae import runs
from train import optimizers, run
from train.callbacks import LogMetrics, StopOnSignal
from train.errors import Interrupted, SetupError
from train.loop import train_and_evaluate


def silent(line):
    pass


def config(recipe="vae", make=tiny.config, **train):
    made = make(recipe, **train)
    made.pictures.num = 0
    return made


def assert_same_weights(first, second):
    for a, b in zip(first.trainable_variables, second.trainable_variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """The folder of a run of 2 steps."""
    folder = tmp_path_factory.mktemp("short")
    train_and_evaluate(config(steps=2), folder, "one", say=silent)
    return folder


@pytest.fixture
def copy(short, tmp_path):
    return shutil.copytree(short, tmp_path / "run")


@pytest.mark.slow
def test_values_found_from_the_data_are_stored(tmp_path):
    made = config(steps=1, optimizer="adamw")
    made.family.update(name="gaussian", learned="global")
    made.data.image_size = 12
    for _ in range(2):  # Resumed, it is the same configuration.
        train_and_evaluate(made, tmp_path, "one", say=silent)
        stored = runs.read_config(tmp_path)
        assert stored["data"]["dequantize"] is True
        assert stored["data"]["image_size"] == [12, 12]
        assert stored["train"]["weight_decay"] == 0.004  # The class's.


@pytest.mark.slow
def test_a_command_needs_no_flag_that_the_folder_knows(copy, capsys):
    assert run.main(["run", f"--workdir={copy}"]) == 0
    assert "has finished" in capsys.readouterr().out
    assert run.main(["run", f"--workdir={copy}", "--steps=4", "--model=vae"]) == 0
    assert f"Resuming {copy} at step 2." in capsys.readouterr().out
    assert runs.read_config(copy)["train"]["steps"] == 4
    assert runs.read_config(copy)["mapping"]["width"] == 2
    whole, _ = train_and_evaluate(config(), copy.with_name("whole"), "one", say=silent)
    assert_same_weights(tfgvae.load(copy), whole)
    splits = [(row["step"], row["split"]) for row in runs.read_metrics(copy)]
    assert splits.count((2, "test")) == splits.count((4, "test")) == 1
    assert run.main(["run", f"--workdir={copy}", "--steps=3"]) == 2
    assert "step_00000004.keras is beyond train.steps = 3" in capsys.readouterr().err
    assert run.main(["run", f"--workdir={copy}", "--seed=7"]) == 2
    assert "seed: 0 -> 7" in capsys.readouterr().err


def test_an_old_folder_goes_on(copy):
    old = json.loads(json.dumps(config(steps=2).to_dict()))
    del old["recipe"]
    (copy / "config.json").write_text(json.dumps(old))
    train_and_evaluate(config(), copy, "one", say=silent)
    stored = runs.read_config(copy)
    assert stored["recipe"] == "vae" and stored["mapping"]["activation"] == "elu"
    assert runs.checkpoints(copy)[-1][0] == 4


def test_a_changed_learning_rate_takes_effect(copy):
    again = config(learning_rate=1e-5)
    with pytest.raises(SetupError, match=r"train\.learning_rate: 0\.001 -> 1e-05"):
        train_and_evaluate(again, copy, "one", say=silent)
    before = tfgvae.load(copy)
    model, _ = train_and_evaluate(again, copy, "one", overwrite_config=True, say=silent)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-5)
    # A step of Adam moves a weight by about the learning rate.
    for a, b in zip(before.trainable_variables, model.trainable_variables, strict=True):
        assert np.abs(a.numpy() - b.numpy()).max() < 1e-4


@pytest.mark.slow
def test_a_longer_cosine_says_what_the_learning_rate_does(tmp_path):
    made = config(schedule="cosine", learning_rate=0.1, steps=2)
    made.mapping.update(name="mlp", width=None)  # traced in half the time
    train_and_evaluate(made, tmp_path, "one", say=silent)
    made.train.steps, said = 4, []
    train_and_evaluate(made, tmp_path, "one", say=said.append)
    (line,) = (line for line in said if line.startswith("Learning rate"))
    # cos(pi / 2) is 0: half of it.
    assert "0.05 from step 2 on, falling to 0 at step 4" in line
    assert "With 2 steps it was 0 there" in line
    assert optimizers.learning_rate(made.train, 2) == pytest.approx(0.05)
    assert optimizers.learning_rate(config(learning_rate=0.3).train, 9) == 0.3


@pytest.mark.slow
def test_more_checkpoints_change_no_weight(copy):
    made = config(checkpoint_every=1, eval_images=3, keep=9)
    model, _ = train_and_evaluate(made, copy, "one", say=silent)
    assert [step for step, _ in runs.checkpoints(copy)] == [2, 3, 4]
    whole, _ = train_and_evaluate(config(), copy.with_name("whole"), "one", say=silent)
    assert_same_weights(model, whole)


@pytest.fixture
def stopped_fixed_q(tmp_path, tiny_config, monkeypatch):
    """(folder of a fixed q stopped at step 2, its classifier's file)."""
    made = config("fixedq", tiny_config)
    file = tmp_path / "classifier.keras"
    shutil.copy(made.inference.checkpoint, file)
    made.inference.checkpoint = str(file)
    write = LogMetrics.on_epoch_end

    def stop(self, epoch, logs=None):
        write(self, epoch, logs)
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(LogMetrics, "on_epoch_end", stop)
        with pytest.raises(Interrupted):
            train_and_evaluate(made, tmp_path / "run", "one", say=silent)
    return tmp_path / "run", file


@pytest.mark.slow
def test_a_fixed_q_goes_on_without_its_file(stopped_fixed_q, tmp_path, capsys):
    folder, file = stopped_fixed_q
    whole = shutil.copytree(folder, tmp_path / "whole")
    assert run.main(["run", f"--workdir={whole}"]) == 0
    file.unlink()
    network = tfgvae.load(folder).inference.network.get_weights()
    assert run.main(["run", f"--workdir={folder}"]) == 0
    assert "Resuming" in capsys.readouterr().out
    model = tfgvae.load(folder)
    assert_same_weights(model, tfgvae.load(whole))
    assert all(map(np.array_equal, network, model.inference.network.get_weights()))
    assert not model.inference.trainable_variables
    other = [f"--workdir={folder}", f"--config.inference.checkpoint={tmp_path}/other.keras"]
    assert run.main(["run", *other]) == 2
    assert "inference.checkpoint: " in capsys.readouterr().err
    assert run.main(["run", *other, "--overwrite_config"]) == 2
    assert "a fixed q does not change in a run" in capsys.readouterr().err


def test_a_fixed_q_that_never_began_needs_its_file(tmp_path, tiny_config):
    made = config("fixedq", tiny_config)
    made.inference.checkpoint = str(tmp_path / "gone.keras")
    with pytest.raises(SetupError, match=r"no classifier at .*gone\.keras"):
        train_and_evaluate(made, tmp_path / "run", "one", say=silent)


# Every recipe takes a step in test_configs.py; here are its first lines and its test.
QUICK = ("vae",)


@pytest.mark.parametrize(
    "recipe",
    [pytest.param(r, marks=() if r in QUICK else pytest.mark.slow) for r in configs.RECIPES],
)
def test_every_recipe_trains_for_one_step(recipe, tmp_path, tiny_config):
    made = config(recipe, tiny_config)
    own = configs.get_config(recipe)
    # As the recipe has them: too long for the run.
    made.train.update(steps=1, schedule=own.train.schedule, warmup_steps=own.train.warmup_steps)
    said = []
    _, metrics = train_and_evaluate(made, tmp_path, "one", say=said.append)
    assert np.isfinite(metrics["loss"])
    shortened = [line for line in said if "do not fit in 1 steps" in line]
    wanted = [own.train.warmup_steps > 0, own.regularizer.schedule_steps is not None]
    assert len(shortened) == sum(wanted) and said[: len(shortened)] == shortened
    stored = runs.read_config(tmp_path)
    assert stored["recipe"] == recipe and stored["train"]["warmup_steps"] == 0


@pytest.mark.parametrize(
    ("recipe", "change"),
    [
        pytest.param("fixedq", {"inference.name": "gaussian"}, marks=pytest.mark.slow),
        pytest.param("seqvae", {"family.name": "bernoulli"}, marks=pytest.mark.slow),
        pytest.param("pixelvae", {"regularizer.name": "none"}, marks=pytest.mark.slow),
        pytest.param("vae", {"model.name": "marginal"}, marks=pytest.mark.slow),
    ],
)
def test_a_part_may_be_replaced(recipe, change, tmp_path):
    made = config(recipe, steps=1)
    made.update_from_flattened_dict(change)
    if made.model.name == "marginal":
        made.model.latent_dim = None
        for section in (made.mapping, made.inference):
            section.update({name: None for name in section})
    _, metrics = train_and_evaluate(made, tmp_path, "one", say=silent)
    assert np.isfinite(metrics["loss"])


@pytest.mark.slow
def test_what_a_killed_process_left_is_removed(tmp_path):
    made = tiny.config(steps=2)
    train_and_evaluate(made, tmp_path, "one", say=silent)
    left = [tmp_path / ".config.json.writing", tmp_path / "samples" / ".step_9.png.writing"]
    for path in left:
        path.write_bytes(b"half")
    made.train.steps = 3
    train_and_evaluate(made, tmp_path, "one", say=silent)
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("ignored", [False, True])
def test_sighup_is_handled_unless_it_is_ignored(ignored):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        with StopOnSignal(None, None) as signals:
            assert (signal.getsignal(signal.SIGHUP) == signals._note) != ignored
        assert signal.getsignal(signal.SIGHUP) == (signal.SIG_IGN if ignored else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGHUP, before)

"""train_and_evaluate on digits, in this process."""

import errno
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.train import tiny_runs as tiny
from tfgvae import runs
from train import run
from train.datasets import Datasets
from train.errors import SetupError, TrainError
from train.loop import train_and_evaluate


def undrawn(**train):
    config = tiny.config(**train)
    config.pictures.num = 0
    return config


def silent(line):
    pass


def main(*arguments):
    return run.main(["run", *tiny.SMALLEST, *arguments])


def assert_equal_states(first, second):
    for a, b in zip(first.variables, second.variables, strict=True):
        # Metrics count, and reset, the batches of evaluations.
        if a.name != "test_batches":
            np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)
    pairs = zip(first.optimizer.variables, second.optimizer.variables, strict=True)
    for a, b in pairs:
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """(folder, model, metrics) of an undisturbed run of 4 steps, a checkpoint every 2."""
    folder = tmp_path_factory.mktemp("finished")
    return folder, *train_and_evaluate(tiny.config(), folder, "one", say=silent)


def test_a_run_leaves_what_it_says(finished):
    folder, _, metrics = finished
    assert [step for step, _ in runs.checkpoints(folder)] == [2, 4]
    names = {p.name for p in (folder / "samples").iterdir()}
    kinds = ("ancestral", "gibbs", "reconstruction", "plane", "interpolation", "traversal")
    assert names == {f"step_{n:08d}_{kind}.png" for n in (2, 4) for kind in kinds}
    with Image.open(folder / "samples" / "step_00000004_gibbs.png") as picture:
        assert picture.size == (102, 102)  # 2 x 2 digits, enlarged to 48, separated by 2
    rows = runs.read_metrics(folder)
    splits = [(row["step"], row["split"]) for row in rows]
    train = [(n, "train") for n in (1, 2, 3, 4)]
    validation = [(n, "validation") for n in (2, 4)]
    assert sorted(splits) == sorted([*train, *validation, (4, "test")])
    assert {"loss", "nll", "kl", "elbo", "penalty"} <= set(rows[0])
    assert metrics.items() <= rows[-1].items()
    assert json.loads((folder / "config.json").read_text())["train"]["steps"] == 4
    assert {p.name for p in (folder / "tensorboard").iterdir()} >= {"train", "validation"}


def test_the_saved_model_is_the_trained_one(finished):
    folder, model, _ = finished
    loaded = runs.load(folder)
    x = next(iter(Datasets(tiny.config()).evaluation(model.family, 4, 4)))["image"]
    np.testing.assert_array_equal(loaded.reconstruct(x, seed=1), model.reconstruct(x, seed=1))


def test_a_finished_run_says_so(finished):
    folder = finished[0]
    said = []
    model, metrics = train_and_evaluate(tiny.config(), folder, "one", say=said.append)
    assert metrics is None and "has finished" in said[-1]
    assert_equal_states(model, finished[1])


def test_longer_training_is_the_longer_run(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    runs.checkpoint_path(tmp_path, 4).unlink()
    shorter = runs.read_config(tmp_path)
    shorter["train"]["steps"] = 2
    (tmp_path / "config.json").write_text(json.dumps(shorter))
    model, _ = train_and_evaluate(undrawn(), tmp_path, "one", say=silent)
    assert_equal_states(model, finished[1])
    steps = [(row["step"], row["split"]) for row in runs.read_metrics(tmp_path)]
    assert len(steps) == len(set(steps))


def test_a_damaged_newest_checkpoint_is_skipped(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    path = runs.checkpoint_path(tmp_path, 4)
    path.write_bytes(path.read_bytes()[:-200])
    said = []
    model, _ = train_and_evaluate(tiny.config(), tmp_path, "one", say=said.append)
    assert any("step_00000004.keras.damaged" in line for line in said)
    assert f"Resuming {tmp_path} at step 2." in said
    assert_equal_states(model, finished[1])
    steps = [(row["step"], row["split"]) for row in runs.read_metrics(tmp_path)]
    assert len(steps) == len(set(steps)) == len(runs.read_metrics(finished[0]))


def test_the_command_says_where_things_are(finished, capsys):
    folder = finished[0]
    flags = ("--steps=4", "--config.train.checkpoint_every=2", "--config.train.log_every=1")
    assert main(f"--workdir={folder}", *flags) == 0
    out = capsys.readouterr().out
    assert f"{folder}/samples/step_00000004_ancestral.png" in out
    assert "step_00000002_" not in out and f'tfgvae.load("{folder}")' in out
    assert main(f"--workdir={folder}", *flags, "--seed=1") == 2
    assert "seed: 0 -> 1" in capsys.readouterr().err


def test_the_command_fails_with_a_status_and_a_reason(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run.main(["run", "--model=vea"]) == 2
    assert main(f"--workdir={tmp_path / 'file'}") == 2
    assert "Not a directory" in capsys.readouterr().err
    assert main("--workdir=/proc/run") == 2
    assert "cannot write the run folder" in capsys.readouterr().err
    weight = ("--config.regularizer.weight=1e38", "--config.train.learning_rate=1e3")
    folder = tmp_path / "run"
    assert main(f"--workdir={folder}", *weight, "--config.pictures.num=0") == 1
    err = capsys.readouterr().err
    assert "loss = inf" in err or "loss = nan" in err
    assert "step 1:" in err or "step 2:" in err
    assert "there is no earlier checkpoint" in err and runs.checkpoints(folder) == []


def test_a_full_disk_during_training_is_explained(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("train.workdir.MetricsFile.append", full)
    with pytest.raises(TrainError, match="No space left"):
        train_and_evaluate(undrawn(), tmp_path, "one", say=silent)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("regularizer.name", "kll", "unknown regularizer 'kll'; known: .*kl"),
        ("regularizer.kernel", "gauss", "takes no kernel"),
        ("train.optimizer", "adamm", "known: adam"),
        ("train.schedule", "cosin", "known: constant, cosine"),
        ("train.steps", 0, "train.steps must be >= 1"),
        ("data.name", "folder:/nowhere", "/nowhere"),
        ("data.binarize", "always", "binarize must be one of"),
        ("data.augment", "rotate", "augment must be one of"),
        ("train.batch_size", 10**6, "batch_size"),
    ],
)
def test_bad_settings_are_refused_and_leave_no_trace(tmp_path, key, value, said):
    config = tiny.config()
    config.update_from_flattened_dict({key: value})
    with pytest.raises(SetupError, match=said):
        train_and_evaluate(config, tmp_path / "run", "one", say=silent)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_loss_that_overflows_stops_the_run(tmp_path):
    config = undrawn(learning_rate=1e30, optimizer="sgd", steps=8)
    with pytest.raises(Exception, match=r"step \d+: .*not finite") as error:
        train_and_evaluate(config, tmp_path, "one", say=silent)
    assert error.type.__name__ in ("NonFiniteLoss", "CheckpointError")
    assert "checkpoint" in str(error.value)
    for _, path in runs.checkpoints(tmp_path):
        assert np.isfinite(runs.load(tmp_path).get_weights()[0]).all(), path


@pytest.mark.slow
def test_two_replicas_train_as_one(finished, mirrored, tmp_path):
    config = undrawn(optimizer="sgd", clip_norm=0.5, learning_rate=0.1)
    # tests/conformance has the other networks; these are traced in half the time.
    config.mapping.update(name="mlp", width=None)
    config.inference.update(trunk="mlp", width=None)
    one, _ = train_and_evaluate(config, tmp_path / "one", "one", say=silent)
    two, metrics = train_and_evaluate(config, tmp_path / "two", mirrored, say=silent)
    for a, b in zip(one.trainable_variables, two.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6, err_msg=a.path)
    assert np.isfinite(list(metrics.values())).all()


@pytest.mark.slow
def test_two_replicas_resume_exactly(mirrored, tmp_path):
    config = undrawn(schedule="cosine")
    whole, _ = train_and_evaluate(config, tmp_path / "whole", mirrored, say=silent)
    train_and_evaluate(config, tmp_path / "cut", mirrored, say=silent)
    runs.checkpoint_path(tmp_path / "cut", 4).unlink()
    resumed, _ = train_and_evaluate(config, tmp_path / "cut", mirrored, say=silent)
    assert_equal_states(whole, resumed)

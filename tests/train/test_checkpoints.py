"""Checkpoints are complete or absent; the newest undamaged one is used."""

import errno
import io
import os
import resource
import zipfile

import h5py
import keras
import numpy as np
import pytest

from tfgvae import runs
from train.checkpoints import CheckpointError, Checkpoints


def network(width=3):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(width)])
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10)), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def fit(model, steps):
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(4, 2)
    model.fit(x, np.ones([4, 3]), epochs=steps, batch_size=4, verbose=0, shuffle=False)


@pytest.fixture
def run(tmp_path):
    """(model, Checkpoints) with checkpoints of steps 1 and 2."""
    (tmp_path / "checkpoints").mkdir()
    model, saved = network(), Checkpoints(tmp_path, keep=3)
    for step in (1, 2):
        fit(model, 1)
        saved.save(model, step)
    return model, saved


def names(saved):
    return sorted(p.name for p in (saved.folder / "checkpoints").iterdir())


def test_training_goes_on_exactly_after_a_restore(run):
    model, saved = run
    step, path = saved.newest()
    assert step == 2
    other = network()
    saved.restore(other, path, step)
    for m in (model, other):
        fit(m, 3)
    for a, b in zip(model.variables, other.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    optimizers = zip(model.optimizer.variables, other.optimizer.variables, strict=True)
    for a, b in optimizers:
        np.testing.assert_array_equal(a, b)


def test_the_last_few_are_kept(run):
    model, saved = run
    for step in (3, 4, 5):
        saved.save(model, step)
    assert names(saved) == [f"step_{n:08d}.keras" for n in (3, 4, 5)]


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_failure_at_any_call_leaves_the_earlier_ones(run, monkeypatch, call):
    model, saved = run

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(CheckpointError, match=r"No space left.*last good.*step_00000002\.keras"):
        saved.save(model, 3)
    assert names(saved) == ["step_00000001.keras", "step_00000002.keras"]
    assert saved.newest()[0] == 2


def test_a_full_disk_leaves_the_earlier_ones(run):
    model, saved = run
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = os.path.getsize(runs.checkpoint_path(saved.folder, 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, limits[1]))
    try:
        with pytest.raises(CheckpointError, match="cannot write the checkpoint"):
            saved.save(model, 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(saved) == ["step_00000001.keras", "step_00000002.keras"]
    saved.save(model, 3)
    assert saved.newest()[0] == 3


def truncate(path):
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) // 2)


def flip(path):
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def empty(path):
    path.write_bytes(b"")


def rewrite(path, change):
    """Change the weights file of a whole checkpoint: change(h5py.File)."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    weights = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        change(file)
    parts["model.weights.h5"] = weights.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def put_nan(path):
    def change(file):
        file["layers/dense/vars/0"][0, 0] = np.nan

    rewrite(path, change)


def put_infinite_moment(path):
    def change(file):
        file["optimizer/vars/2"][...] = np.inf

    rewrite(path, change)


def claim_a_terabyte(path):
    def change(file):
        file.create_dataset("huge", (2**38,), np.float32, chunks=(1024,))

    rewrite(path, change)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (put_nan, "layers/dense/vars/0 is not finite"),
        (put_infinite_moment, "optimizer/vars/2 is not finite"),
        (claim_a_terabyte, "huge is larger than the file"),
    ],
)
def test_numbers_that_are_not_finite_are_damage(run, harm, said):
    _, saved = run
    path = runs.checkpoint_path(saved.folder, 2)
    harm(path)
    assert runs.damage(path) == said
    assert saved.describe_last().endswith("step_00000001.keras")


@pytest.mark.parametrize("harm", [truncate, flip, empty, put_nan, put_infinite_moment])
def test_a_damaged_newest_is_set_aside_and_said(run, harm):
    _, saved = run
    harm(runs.checkpoint_path(saved.folder, 2))
    said = []
    step, path = saved.newest(said.append)
    assert (step, path) == (1, runs.checkpoint_path(saved.folder, 1))
    assert len(said) == 1 and "step_00000002.keras.damaged" in said[0]
    assert "step_00000002.keras.damaged" in names(saved)


def test_all_damaged_is_an_error_that_names_them(run):
    _, saved = run
    for step in (1, 2):
        truncate(runs.checkpoint_path(saved.folder, step))
    with pytest.raises(CheckpointError, match=r"step_00000002\.keras.*step_00000001\.keras"):
        saved.newest(lambda line: None)


def test_weights_that_are_not_finite_are_not_saved(run):
    model, saved = run
    model.layers[0].kernel.assign(np.full([2, 3], np.nan))
    with pytest.raises(CheckpointError, match=r"not finite.*kernel"):
        saved.save(model, 3)
    assert saved.newest()[0] == 2


def test_an_optimizer_that_is_not_finite_is_not_saved(run):
    model, saved = run
    moment = model.optimizer.variables[-1]
    moment.assign(np.full(moment.shape, np.inf))
    with pytest.raises(CheckpointError, match=rf"not finite.*{moment.path}"):
        saved.save(model, 3)
    assert saved.newest()[0] == 2


def test_what_a_killed_process_left_is_cleaned(run):
    _, saved = run
    (saved.folder / "checkpoints" / ".writing").mkdir()
    (saved.folder / "checkpoints" / ".writing" / "step_00000003.keras").write_bytes(b"half")
    assert saved.newest()[0] == 2
    saved.clean()
    assert names(saved) == ["step_00000001.keras", "step_00000002.keras"]


def test_a_checkpoint_of_another_model_or_optimizer_is_an_error(run):
    _, saved = run
    step, path = saved.newest()
    with pytest.raises(CheckpointError, match="does not fit"):
        saved.restore(network(width=4), path, step)
    other = network()
    other.compile("sgd", "mse")
    other.optimizer.build(other.trainable_variables)
    with pytest.raises(CheckpointError, match="does not fit the optimizer"):
        saved.restore(other, path, step)


def test_load_names_what_is_missing(run, tmp_path):
    del run  # Its checkpoints are in tmp_path.
    with pytest.raises(FileNotFoundError, match="no folder"):
        runs.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="not a run folder"):
        runs.load(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match=r"\[1, 2\]"):
        runs.load(tmp_path, step=7)
    with pytest.raises(ValueError, match=r"step_00000001.* must hold a model of tfgvae"):
        runs.load(tmp_path, step=1)
    for step in (1, 2):
        truncate(runs.checkpoint_path(tmp_path, step))
    with pytest.raises(ValueError, match=r"step_00000001.*is damaged"):
        runs.load(tmp_path, step=1)
    with pytest.raises(ValueError, match=r"every.*step_00000002.*step_00000001"):
        runs.load(tmp_path)

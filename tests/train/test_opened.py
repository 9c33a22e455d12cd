"""A run folder after training: its model, its configuration, its images."""

import json
import pathlib

import numpy as np
import pytest

from tests.train import tiny_runs as tiny
from tfgvae import data, runs
from train.files import digest
from train.loop import train_and_evaluate
from train.opened import open_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a run of two steps on binarised digits."""
    folder = tmp_path_factory.mktemp("opened")
    made = tiny.config(steps=2)
    made.pictures.num = 0
    made.data.binarize = "static"
    train_and_evaluate(made, folder, "one", say=lambda line: None)
    return folder


def expected(split, count):
    batches = data.load("digits", split, binarize="static", batch_size=count)
    batch = next(iter(batches))
    return batch["image"].numpy(), batch["label"].numpy()


@pytest.mark.slow
def test_the_images_are_those_of_the_run(folder):
    opened = open_run(folder)
    assert opened.num_available == 297
    for split, count in (("test", 12), ("train", 7)):
        for found, wanted in zip(opened.images(count, split), expected(split, count), strict=True):
            np.testing.assert_array_equal(found, wanted)
    assert len(opened.images(10**6, batch_size=100)[0]) == 297
    x = opened.images(2)[0]
    same = runs.load(folder).reconstruct(x, seed=1)
    np.testing.assert_array_equal(opened.model.reconstruct(x, seed=1), same)
    path = runs.checkpoint_path(folder, 2)
    assert opened.checkpoint == {"step": 2, "file": path.name, "sha256": digest(path)}
    assert opened.config.data.test_split == "test"


def test_the_data_may_be_elsewhere(folder, monkeypatch):
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    assert open_run(folder).config.data.data_dir is None
    assert open_run(folder, data_dir="/data").config.data.data_dir == "/data"


def test_what_is_no_run(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        open_run(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"no config\.json"):
        open_run(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({}))
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        open_run(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no checkpoint of step 9 .*have: \[2\]"):
        open_run(folder, 9)


def test_a_damaged_checkpoint_is_skipped_and_said(folder, tmp_path):
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    for name in ("config.json", "checkpoints/step_00000002.keras"):
        (tmp_path / name).write_bytes(pathlib.Path(folder, name).read_bytes())
    (checkpoints / "step_00000003.keras").write_bytes(b"")
    said = []
    assert open_run(tmp_path, say=said.append).checkpoint["step"] == 2
    assert "step_00000003.keras" in said[0]

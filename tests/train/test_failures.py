"""A failure outside of our own code is one sentence without a traceback."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.train import tiny_runs as tiny
from tfgvae.data import cache
from tfgvae.data.split import SOURCES, Split
from train import run, workdir
from train.datasets import Datasets
from train.errors import SetupError, TrainError, as_train_error
from train.loop import train_and_evaluate


def silent(line):
    pass


def undrawn(**train):
    config = tiny.config(**train)
    config.pictures.num = 0
    return config


def write_images(folder, num):
    folder.mkdir(parents=True)
    for i in range(num):
        pixels = np.random.RandomState(i).randint(0, 256, (8, 8)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")


@pytest.fixture
def small(tmp_path, monkeypatch):
    """(configuration of a run on a folder of 12 and 3 images, splits opened, splits decoded)."""
    opened, decoded = [], []
    open_split, read = SOURCES["folder"], cache.read

    def noted_open(argument, split, **options):
        opened.append(split)
        return open_split(argument, split, **options)

    def noted_read(source, *args):
        decoded.append(source.name.rpartition("/")[2])
        return read(source, *args)

    monkeypatch.setitem(SOURCES, "folder", noted_open)
    monkeypatch.setattr(cache, "read", noted_read)
    write_images(tmp_path / "train", 12)
    write_images(tmp_path / "test", 3)
    config = tiny.config(steps=3, batch_size=4)
    config.data.name = f"folder:{tmp_path}"
    return config, opened, decoded


@pytest.mark.slow
def test_pictures_and_batches_fit_a_small_test_split_which_is_read_once(small, tmp_path):
    config, opened, decoded = small
    config.pictures.num = 5
    _, metrics = train_and_evaluate(config, tmp_path / "run", "one", say=silent)
    assert np.isfinite(metrics["loss"])
    with Image.open(tmp_path / "run" / "samples" / "step_00000003_reconstruction.png") as picture:
        assert picture.size == (3 * 50 + 2, 2 * 50 + 2)
    # Two fits, validation, pictures and the evaluation.
    assert sorted(opened) == sorted(decoded) == ["test", "train"]


def test_too_many_pictures_are_refused(tmp_path):
    config = tiny.config()
    config.pictures.num = 17
    with pytest.raises(SetupError, match=r"pictures\.num must be 0 to 16 .*got 17"):
        train_and_evaluate(config, tmp_path / "run", "one", say=silent)


def out_of_range(self, family, start_step, division=None):
    """Batches of which the third has pixels in 0 .. 255."""
    scale = tf.data.Dataset.range(start_step, 100).map(lambda i: tf.where(i == 2, 255.0, 1.0))
    batches = Datasets.really(self, family, start_step, division)
    return tf.data.Dataset.zip(batches, scale).map(
        lambda batch, s: {**batch, "image": batch["image"] * s}
    )


def test_pixels_out_of_range_are_said_with_the_last_checkpoint(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Datasets, "really", Datasets.training, raising=False)
    monkeypatch.setattr(Datasets, "training", out_of_range)
    flags = ("--config.train.checkpoint_every=2", "--steps=4", "--config.pictures.num=0")
    assert run.main(["run", *tiny.SMALLEST, f"--workdir={tmp_path}", *flags]) == 1
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    assert said.startswith("step 2: InvalidArgumentError: expected pixels in [0, 1], got")
    assert said.endswith("step_00000002.keras")


def test_a_folder_that_another_process_trains_in_is_refused(tmp_path):
    said = f"another process is training in {tmp_path}"
    with workdir.lock(tmp_path), pytest.raises(SetupError, match=said):
        train_and_evaluate(undrawn(), tmp_path, "one", say=silent)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_the_traceback_is_there_for_the_asking(tmp_path, capsys):
    for flags, shown in (((), False), (("--debug",), True)):
        assert run.main(["run", *tiny.SMALLEST, "--steps=0", f"--workdir={tmp_path}", *flags]) == 2
        assert ("Traceback" in capsys.readouterr().err) == shown


def test_tensorboard_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "tensorboard").mkdir()
    (tmp_path / "tensorboard" / "validation").write_text("in the way")
    with pytest.raises(SetupError, match=f"cannot write to {tmp_path}/tensorboard"):
        train_and_evaluate(undrawn(), tmp_path, "one", say=silent)


def at(step, first):
    return lambda: (f"step {step}", first, "the last good checkpoint is A")


def test_errors_before_the_first_step_are_the_configurations_later_ones_are_bugs():
    class Unfit(keras.Model):
        def call(self, x):
            raise ValueError("width must be even")

    model = Unfit()
    model.compile("sgd", "mse")
    x = np.ones((2, 2), np.float32)
    said = r"^step 0: .*: width must be even; the last good.* A$"
    with pytest.raises(TrainError, match=said), as_train_error(at(0, True)):
        model.fit(x, x, verbose=0)
    with pytest.raises(ValueError), as_train_error(at(3, False)):
        raise ValueError("a bug")
    said = "^step 3: DataLossError: truncated; the last"
    with pytest.raises(TrainError, match=said), as_train_error(at(3, False)):
        raise tf.errors.DataLossError(None, None, "truncated")


def test_a_damaged_image_of_a_streamed_set_is_named(small, tmp_path, monkeypatch):
    config = small[0]
    config.pictures.num = 0
    file = tmp_path / "train" / "5.png"
    file.write_bytes(file.read_bytes()[:-30])
    monkeypatch.setattr(Split, "_fits", lambda self, source: False)
    with pytest.raises(TrainError, match=r"^step \d: .*: .*cannot read .*5\.png.*; there is no"):
        train_and_evaluate(config, tmp_path / "run", "one", say=silent)

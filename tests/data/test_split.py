"""A split is decoded once for all of its streams; a file that cannot be read is an error."""

import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tfgvae import data
from tfgvae.data import cache
from tfgvae.messages import reason


@pytest.fixture
def reads(monkeypatch):
    """The names of the sources that were decoded, one for each time."""
    names, read = [], cache.read

    def noted(source, *args):
        names.append(source.name)
        return read(source, *args)

    monkeypatch.setattr(cache, "read", noted)
    return names


def images(batches):
    return np.concatenate([batch["image"] for batch in batches.as_numpy_iterator()])


STREAMS = [
    (data.Noise(), data.Schedule(8, shuffle=True, seed=3), None),
    (data.Noise("dynamic"), data.Schedule(8, start_step=2), 30),
    (data.Noise("none", augment="flip"), data.Schedule(5, drop_remainder=True), 7),
]


def test_streams_of_one_split_share_its_images_and_equal_those_of_load(reads):
    split = data.Split("digits", "test")
    for noise, schedule, num_examples in STREAMS:
        shared = images(split.batches(noise, schedule, num_examples))
        options = {k: v for k, v in schedule.__dict__.items() if k != "division"}
        options |= {"num_examples": num_examples, **noise.__dict__}
        alone = images(data.load("digits", "test", **options))
        np.testing.assert_array_equal(shared, alone)
    assert reads == ["digits/test"] * (1 + len(STREAMS))


def test_static_binarization_is_decoded_anew_for_another_seed(reads):
    split, noise = data.Split("digits", "test"), data.Noise("static")
    drawn = [images(split.batches(noise, data.Schedule(99, seed=seed))) for seed in (0, 0, 1)]
    assert len(reads) == 2
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()


def test_a_part_is_kept_where_the_whole_does_not_fit(reads):
    split = data.Split("digits", "test", cache_bytes=40 * 64)
    whole = images(split.batches(data.Noise(), data.Schedule(99)))
    assert reads == []
    for _ in range(2):
        part = images(split.batches(data.Noise(), data.Schedule(99), 40))
        np.testing.assert_array_equal(part, whole[:40])
    assert reads == ["digits/test"]
    with pytest.raises(ValueError, match="at most 297"):
        split.batches(data.Noise(), data.Schedule(99), 298)


@pytest.fixture
def shard(tfds_dir, tmp_path):
    """The file of a copy of `tiny`'s training split."""
    shutil.copytree(f"{tfds_dir}/tiny", tmp_path / "tiny")
    (file,) = pathlib.Path(tmp_path).rglob("*train.tfrecord*")
    return file


def test_damaged_and_missing_shards_are_said(shard, tmp_path):
    whole = shard.read_bytes()
    shard.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"^tiny/train cannot be read: truncated record.*$"):
        data.load("tiny", data_dir=tmp_path)
    shard.unlink()
    with pytest.raises(ValueError, match=rf"^tiny/train cannot be read: {shard}; No such file"):
        data.load("tiny", data_dir=tmp_path)


def test_the_reason_of_an_error_is_one_line():
    @tf.function
    def checked(x):
        tf.debugging.Assert(x < 2, ["expected x < 2, got", x])
        return x

    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        checked(tf.constant(7))
    assert reason(error.value) == "expected x < 2, got 7"
    assert reason(ValueError("width must be > 0, got 0")) == "width must be > 0, got 0"
    assert reason(ValueError()) == "ValueError"
    words = "Exception encountered when calling A.call().\n\n\x1b[1mno width\x1b[0m\n\nArguments"
    assert reason(ValueError(words)) == "no width"

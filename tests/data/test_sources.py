"""Every source: images, labels, splits, and the errors for bad names and labels."""

import os

import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from tests.data.reading import collect, levels
from tfgvae import data
from tfgvae.data.source import Source

REAL = {
    "mnist": ((28, 28, 1), 10),
    "cifar10": ((32, 32, 3), 10),
    "scenes64": ((64, 64, 3), 14),
}


def test_digits_splits_hold_each_digit_of_the_set_once():
    train, test = collect("digits"), collect("digits", "test")
    assert train[0].shape == (1500, 8, 8, 1) and test[0].shape == (297, 8, 8, 1)
    original = load_digits()
    ours = np.concatenate([levels(train[0]), levels(test[0])]).reshape(1797, 64)
    labels = np.concatenate([train[1], test[1]])
    theirs = np.rint(original.data * 255 / 16).astype(np.uint8)
    rows = sorted(map(tuple, np.column_stack([ours, labels])))
    assert rows == sorted(map(tuple, np.column_stack([theirs, original.target])))
    assert set(test[1]) == set(range(10))


@pytest.mark.slow
def test_info_says_what_load_gives(tfds_dir):
    for options in ({}, {"image_size": (4, 5), "grayscale": True, "num_examples": 9}, {"crop": 3}):
        for name in ("digits", "tiny"):
            images, labels = collect(name, data_dir=tfds_dir, **options)
            info = data.info(name, data_dir=tfds_dir, batch_size=8, shuffle=True, **options)
            assert images.shape == (info.num_examples, *info.image_shape)
            assert labels.max() < info.num_classes


def test_info_refuses_an_option_that_load_does_not_have():
    with pytest.raises(TypeError, match="image_sizes"):
        data.info("digits", image_sizes=3)


@pytest.mark.parametrize("name", REAL)
def test_real_sets(name):
    folder = os.environ.get("TFDS_DATA_DIR", "")
    if not os.path.isdir(os.path.join(folder, name)):
        pytest.skip(f"no {name} in the folder that TFDS_DATA_DIR names")
    shape, classes = REAL[name]
    info = data.info(name)
    assert (info.image_shape, info.num_classes) == (shape, classes)
    images, labels = collect(name, num_examples=100)
    assert images.shape == (100, *shape) and 0 <= labels.min() <= labels.max() < classes
    assert 0.05 < levels(images).mean() / 255 < 0.95
    small, _ = collect(name, num_examples=10, image_size=16)
    assert small.shape == (10, 16, 16, shape[2])


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("nonesuch", "train", "unknown data set 'nonesuch'; known: digits, .*tiny"),
        ("tiny", "valid", "train, test"),
        ("tiny", "train[:x]", "train, test"),
        ("textual", "train", "no image feature"),
        ("deep", "train", "uint8"),
        ("digits", "valid", "train, test"),
        ("digits:8", "train", "no argument"),
        ("", "train", "name must be"),
        ("digits", None, "split must be"),
    ],
)
def test_names_and_splits_that_do_not_exist(name, split, message, tfds_dir):
    with pytest.raises(ValueError, match=message):
        data.load(name, split, data_dir=tfds_dir)


@pytest.mark.parametrize("cache_bytes", [0, 1 << 30])
def test_labels_out_of_range_are_an_error(cache_bytes, monkeypatch):
    def source(labels):
        return Source(
            name="odd/train",
            image_shape=(2, 2, 1),
            num_examples=len(labels),
            num_classes=3,
            records=lambda: tf.data.Dataset.from_tensor_slices(labels),
            decode=lambda label: {"image": tf.zeros((2, 2, 1), tf.uint8), "label": label},
            shuffle_buffer=4,
        )

    def read(*labels):
        made = source(np.array(labels, np.int64))
        monkeypatch.setitem(data.SOURCES, "odd", lambda *_, **__: made)
        return collect("odd", cache_bytes=cache_bytes)[1]

    np.testing.assert_array_equal(read(0, 2, -1), [0, 2, -1])
    for label in (3, -2):
        with pytest.raises(
            (ValueError, tf.errors.OpError), match="odd/train.*from 0 to 2.*got.*" + str(label)
        ):
            read(0, label)


def test_the_number_of_channels_has_a_limit():
    with pytest.raises(ValueError, match="from 1 to 4096 channels, got 5000"):
        Source("many", (2, 2, 5000), 1, None, lambda: None, lambda r: r, 1)

"""Binarization, dequantization, flips: their laws, and the options that are refused."""

import numpy as np
import pytest
import tensorflow as tf

from tfgvae import data
from tfgvae.data.noise import Noise

# 256 images of 16x16: image k has level k everywhere.
LEVELS = tf.constant(np.tile(np.arange(256, dtype=np.uint8)[:, None, None, None], (1, 16, 16, 1)))


def assert_bernoulli(draws, probabilities):
    """Means over the last axis within 5 standard errors of the probabilities."""
    error = np.sqrt(probabilities * (1 - probabilities) / draws.shape[-1])
    assert set(np.unique(draws)) <= {0.0, 1.0}
    assert (abs(draws.mean(-1) - probabilities) <= 5 * error + 1e-6).all()


def test_dynamic_binarization_is_bernoulli_of_the_pixel():
    noise = Noise(binarize="dynamic")
    draws = np.stack([noise.every_step(LEVELS, seed) for seed in range(20)])
    assert_bernoulli(draws.transpose(1, 0, 2, 3, 4).reshape(256, -1), np.arange(256) / 255)
    assert (draws[0] != draws[1]).any()


def test_static_binarization_is_bernoulli_of_the_pixel():
    noise = Noise(binarize="static")
    gray = tf.fill([16, 16, 1], tf.constant(51, tf.uint8))  # p = 1/5.
    draws = np.stack([noise.once(gray, index, seed=7) for index in range(200)]) / 255
    assert_bernoulli(draws.reshape(1, -1), np.array([0.2]))
    # Images do not share their noise.
    assert len({draw.tobytes() for draw in draws}) == 200


@pytest.mark.parametrize("cache_bytes", [1 << 30, 0])
def test_static_binarization_is_the_same_in_every_epoch(cache_bytes):
    options = {"batch_size": 50, "binarize": "static", "cache_bytes": cache_bytes}
    one = next(iter(data.load("digits", num_examples=50, **options)))
    stream = iter(data.load("digits", num_examples=50, repeat=True, shuffle=True, **options))
    expected = sorted(image.numpy().tobytes() for image in one["image"])
    for _ in range(3):
        epoch = next(stream)["image"]
        assert sorted(image.numpy().tobytes() for image in epoch) == expected
    other = next(iter(data.load("digits", num_examples=50, seed=1, **options)))
    assert (other["image"].numpy() != one["image"].numpy()).any()


def test_dynamic_binarization_differs_from_epoch_to_epoch_and_repeats_in_evaluation():
    options = {"batch_size": 50, "num_examples": 50, "binarize": "dynamic"}
    stream = iter(data.load("digits", repeat=True, **options))
    first, second = next(stream)["image"].numpy(), next(stream)["image"].numpy()
    assert (first != second).any() and set(np.unique(first)) == {0.0, 1.0}
    passes = [next(iter(data.load("digits", **options)))["image"] for _ in range(2)]
    np.testing.assert_array_equal(*passes)
    one_pass = data.load("digits", **options)  # The same object, walked twice.
    np.testing.assert_array_equal(*(next(iter(one_pass))["image"] for _ in range(2)))


def test_dequantization_fills_the_gaps_between_levels():
    noise = Noise(dequantize=True)
    filled = np.stack([noise.every_step(LEVELS, seed) for seed in range(20)])
    assert filled.min() >= 0 and filled.max() < 1
    floors = np.floor(filled * np.float32(256))
    np.testing.assert_array_equal(floors, np.broadcast_to(LEVELS, floors.shape))
    fraction = filled.astype(np.float64) * 256 - floors
    assert abs(fraction.mean() - 0.5) < 5 * np.sqrt(1 / 12 / fraction.size)


def test_dequantization_keeps_the_level_for_the_largest_noise(monkeypatch):
    from tfgvae import seeds

    largest = np.float32(1 - 2.0**-24)
    monkeypatch.setattr(
        seeds, "batch_uniform", lambda seed, n, shape: tf.fill([n, *shape], largest)
    )
    filled = Noise(dequantize=True).every_step(LEVELS, 0)
    np.testing.assert_array_equal(np.floor(filled * np.float32(256)), LEVELS)


def test_flips_mirror_half_of_the_images():
    images = np.random.RandomState(0).randint(0, 256, (4000, 2, 3, 1)).astype(np.uint8)
    flipped = np.rint(255 * Noise(augment="flip").every_step(tf.constant(images), 3).numpy())
    same = (flipped == images).all(axis=(1, 2, 3))
    mirrored = (flipped == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same | mirrored).all()
    both = (same & mirrored).sum()  # Symmetric images cannot show a flip.
    trials = len(images) - both
    assert abs((same.sum() - both) / trials - 0.5) < 5 * 0.5 / np.sqrt(trials)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"binarize": "sometimes"}, "binarize must be one of none, static, dynamic, got 'someti"),
        ({"binarize": True}, "binarize must be one of"),
        ({"augment": "rotate"}, "augment must be one of none, flip, got 'rotate'"),
        ({"dequantize": "yes"}, "dequantize must be True or False"),
        ({"dequantize": True, "binarize": "dynamic"}, "dequantize must be False when"),
        ({"batch_size": 0}, "batch_size must be an integer >= 1, got 0"),
        ({"batch_size": 2.0}, "batch_size must be an integer"),
        ({"batch_size": 1501, "repeat": True}, "at most the number of examples, 1500, got 1501"),
        ({"batch_size": 11, "num_examples": 10, "drop_remainder": True}, "examples, 10, got 11"),
        ({"num_examples": 0}, "num_examples must be an integer >= 1"),
        ({"num_examples": 1501}, "num_examples must be at most 1500"),
        ({"start_step": -1}, "start_step must be an integer >= 0, got -1"),
        ({"seed": -1}, "seed must be an integer >= 0"),
        ({"seed": 2**63}, "seed must be below"),
        ({"seed": "a"}, "seed must be an integer"),
        ({"shuffle": 1000}, "shuffle must be True or False, got 1000"),
        ({"repeat": 1}, "repeat must be True or False"),
        ({"drop_remainder": None}, "drop_remainder must be True or False"),
        ({"grayscale": "no"}, "grayscale must be True or False"),
        ({"download": "no"}, "download must be True or False"),
        ({"cache_bytes": -1}, "cache_bytes must be an integer >= 0"),
        ({"image_size": 0}, "image_size must be an integer"),
        ({"crop": 9}, "crop must be at most the image's size, 8x8 in digits/train, got 9"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        data.load("digits", **options)

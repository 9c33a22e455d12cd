"""Geometry: crop, grayscale, resize, and the rounding to levels."""

import numpy as np
import pytest
import tensorflow as tf

from tfgvae.data.pixels import Geometry

_LEVELS = np.random.RandomState(0).randint(0, 256, (8, 8, 3)).astype(np.uint8)
SQUARE, WIDE = tf.constant(_LEVELS[:6, :6]), tf.constant(_LEVELS[:5])


def test_nothing_asked_nothing_done():
    np.testing.assert_array_equal(Geometry().apply(SQUARE), SQUARE)
    np.testing.assert_array_equal(Geometry(image_size=6, crop="none").apply(SQUARE), SQUARE)


@pytest.mark.parametrize(
    ("crop", "expected"), [(3, WIDE[1:4, 2:5]), ("square", WIDE[:, 1:6]), ("none", WIDE)]
)
def test_crops_are_centred(crop, expected):
    np.testing.assert_array_equal(Geometry(crop=crop).apply(WIDE), expected)


def test_halving_keeps_the_mean_of_a_constant_and_a_ramp():
    constant = tf.fill([8, 8, 1], tf.constant(77, tf.uint8))
    np.testing.assert_array_equal(Geometry(image_size=4).apply(constant), constant[:4, :4])
    ramp = np.repeat(np.arange(0, 128, 8, dtype=np.uint8)[:, None, None], 16, axis=1)
    half = np.asarray(Geometry(image_size=8).apply(ramp))
    # A symmetric kernel maps a linear ramp to the means of its pairs, away from the border.
    np.testing.assert_array_equal(half[2:-2, 0, 0], (ramp[4:-4:2, 0, 0] + ramp[5:-4:2, 0, 0]) // 2)


def test_a_downsized_image_is_a_mean_not_a_sample():
    checkered = (np.indices((32, 32)).sum(0) % 2 * 255).astype(np.uint8)[:, :, None]
    small = np.asarray(Geometry(image_size=8).apply(checkered)).astype(int)
    # The mean is 127.5; without the antialias every pixel would be 0, 255 or a mean of few.
    assert abs(small[2:-2, 2:-2] - 127.5).max() <= 8


def test_grayscale_is_the_luma_rounded_once():
    gray = np.asarray(Geometry(grayscale=True).apply(SQUARE))[:, :, 0]
    luma = SQUARE.numpy() @ np.array([0.299, 0.587, 0.114])
    assert gray.shape == (6, 6) and abs(gray - luma).max() <= 0.6
    np.testing.assert_array_equal(Geometry(grayscale=True).apply(SQUARE[..., :1]), SQUARE[..., :1])
    white = np.full((2, 2, 3), 255, np.uint8)
    np.testing.assert_array_equal(Geometry(grayscale=True).apply(white), white[..., :1])


@pytest.mark.parametrize(
    ("geometry", "shape"),
    [
        (Geometry(), (5, 8, 3)),
        (Geometry(image_size=4), (4, 4, 3)),
        (Geometry(image_size=[2, 3], crop=4, grayscale=True), (2, 3, 1)),
        (Geometry(crop="square"), (5, 5, 3)),
    ],
)
def test_output_shape_is_the_shape_of_the_output(geometry, shape):
    assert geometry.output_shape(WIDE.shape) == shape
    assert geometry.apply(WIDE).shape == shape


@pytest.mark.parametrize("size", [0, -1, 2.5, "8", True, (4,), (4, 0), (4, 4, 3)])
def test_sizes_must_be_positive_integers(size):
    with pytest.raises(ValueError, match="image_size must be an integer"):
        Geometry(image_size=size)


@pytest.mark.parametrize("crop", [0, -3, 1.5, "middle", True])
def test_crops_must_be_positive_integers_or_words(crop):
    with pytest.raises(ValueError, match="crop must be an integer >= 1, 'square' or 'none'"):
        Geometry(crop=crop)


def test_a_crop_larger_than_the_image():
    with pytest.raises(ValueError, match=r"at most the image's size, 5x8 in .*, got 6"):
        Geometry(crop=6).output_shape((5, 8, 3))

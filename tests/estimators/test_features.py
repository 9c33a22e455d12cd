"""Features: the same as the network's for every batch size; wrong inputs are errors."""

import keras
import numpy as np
import pytest

from tfgvae.estimators.features import classifier_features, inception_features
from tfgvae.layers.classifier import ClassifierNetwork


def images(count, shape=(8, 8, 1)):
    return np.random.default_rng(0).uniform(size=(count, *shape)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    return ClassifierNetwork((8, 8, 1), 3, width=4, dense=(6,))


def test_they_are_the_penultimate_layer_whatever_the_batches(network, tmp_path):
    network.save(tmp_path / "network.keras")
    x = images(7)
    expected = network.features(x)
    for source in (network, tmp_path / "network.keras", str(tmp_path / "network.keras")):
        found = classifier_features(source, batch_size=3)(x)
        assert found.shape == (7, 6) and found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "x, message",
    [
        (np.zeros([2, 8, 9, 1], np.float32), r"expected images \[B, \*\(8, 8, 1\)\]"),
        (np.zeros([0, 8, 8, 1], np.float32), "at least one image"),
        (np.zeros([2, 8, 8, 1], np.uint8), "floating point images"),
        (
            np.full([2, 8, 8, 1], 1.5, np.float32),
            r"pixels in \[0, 1\], got \(lowest, highest\) 1.5 1.5: clip",
        ),
        (np.full([2, 8, 8, 1], np.nan, np.float32), r"pixels in \[0, 1\]"),
    ],
)
def test_what_are_no_images_is_refused(network, x, message):
    with pytest.raises(ValueError, match=message):
        classifier_features(network)(x)


def test_a_classifier_that_is_not_there_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m train\.classifier"):
        classifier_features(tmp_path / "none.keras")


def test_other_models_and_files_are_refused(tmp_path):
    other = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
    other.save(tmp_path / "other.keras")
    (tmp_path / "noise.keras").write_bytes(b"noise")
    with pytest.raises(ValueError, match="expected a ClassifierNetwork or its path, got Seq"):
        classifier_features(tmp_path / "other.keras")
    with pytest.raises(ValueError, match=r"noise\.keras is no Keras model"):
        classifier_features(tmp_path / "noise.keras")


def test_inception_weights_that_are_not_at_hand_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="the path of Inception's weights"):
        inception_features(tmp_path / "inception.h5")


@pytest.mark.slow
def test_inception_takes_gray_and_colour_of_any_size(tmp_path):
    (tmp_path / "noise.h5").write_bytes(b"noise")
    with pytest.raises(ValueError, match="InceptionV3 has no weights from"):
        inception_features(str(tmp_path / "noise.h5"))
    features = inception_features(None, batch_size=2)
    gray = images(3, (28, 28, 1))
    found = features(gray)
    assert found.shape == (3, 2048)
    np.testing.assert_allclose(features(np.repeat(gray, 3, axis=-1)), found, rtol=1e-4, atol=1e-6)
    assert features(images(1, (32, 20, 3))).shape == (1, 2048)
    with pytest.raises(ValueError, match="1 or 3 channels"):
        features(images(1, (8, 8, 2)))

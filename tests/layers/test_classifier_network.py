"""ClassifierNetwork: shapes, its seed, a round trip, what it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae.layers.classifier import ClassifierNetwork


def images(shape, count=3):
    return np.random.default_rng(0).uniform(size=(count, *shape)).astype(np.float32)


def tiny(shape=(8, 8, 1), **options):
    return ClassifierNetwork(shape, 5, **{"width": 4, "dense": (6,), **options})


@pytest.mark.parametrize("trunk", ["conv", "mlp", "resnet"])
@pytest.mark.parametrize("shape", [(8, 8, 1), (13, 21, 3)])
def test_logits_are_the_head_of_the_features(trunk, shape):
    network = tiny(shape, trunk=trunk)
    x = images(shape)
    assert network(x).shape == (3, 5)
    assert network.features(x).shape == (3, network.num_features) == (3, 6)
    np.testing.assert_allclose(network(x), network.logits(network.features(x)), rtol=1e-6)


def test_without_dense_layers_the_features_are_the_convolutions():
    network = tiny(dense=())
    assert network.features(images((8, 8, 1))).shape == (3, 4 * 4 * 4)


def test_the_seed_makes_the_weights():
    first, again, other = (tiny(seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_second_build_changes_nothing():
    network = tiny()
    before = network.get_weights()
    network.build((None, 8, 8, 1))
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))


def test_saved_and_loaded_it_is_the_same(tmp_path):
    network = tiny(norm="group", width=8, dense=(8,), activation="leaky_relu")
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    x = images((8, 8, 1))
    np.testing.assert_array_equal(loaded(x), network(x))
    assert loaded.get_config() == network.get_config()


@pytest.mark.slow
def test_keras_trains_it():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 64)
    x = np.clip(0.5 * y[:, None, None, None] + 0.4 * rng.uniform(size=(64, 8, 8, 1)), 0, 1)
    network = ClassifierNetwork((8, 8, 1), 2, width=4, dense=(8,))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("adam", loss, metrics=["accuracy"])
    network.fit(x, y, epochs=20, verbose=0)
    assert network.evaluate(x, y, verbose=0)[1] == 1.0


@pytest.mark.parametrize(
    "x, message",
    [
        (np.zeros([2, 8, 7, 1], np.float32), r"expected images \[B, \*\(8, 8, 1\)\]"),
        (np.zeros([2, 8, 8, 1], np.uint8), "divide by 255"),
        (np.full([2, 8, 8, 1], 255.0, np.float32), r"pixels in \[0, 1\], got .* 255"),
        (np.full([2, 8, 8, 1], np.nan, np.float32), r"pixels in \[0, 1\]"),
    ],
)
def test_what_is_no_image_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        tiny()(x)
    if x.dtype == np.float32 and x.shape[2] == 8:
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected pixels"):
            tf.function(tiny())(tf.constant(x))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_classes": 1}, "num_classes must be an integer >= 2"),
        ({"num_classes": 2, "trunk": "vgg"}, "unknown trunk 'vgg'"),
        ({"num_classes": 2, "dense": 5}, "dense must be a tuple"),
        ({"num_classes": 2, "image_shape": (4, 4, 1)}, "image sizes must be from 8"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ClassifierNetwork(**{"image_shape": (8, 8, 1), **options})

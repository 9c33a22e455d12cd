"""C(x~|x): the law of its rate, what is left at each rate, and an irreducible chain."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance import components
from tests.conformance.tiny_models import images
from tfgvae import GVAE, corruptions, seeds
from tfgvae.distributions.noise import condition

IMAGE = (8, 8, 3)
COUNT = 4000
each = pytest.mark.parametrize(
    "key", [key for key in components.CORRUPTIONS if not key.startswith("none")]
)


def make(key, **more):
    table = corruptions.CORRUPTIONS
    name, options = key.split("-")[0], components.CORRUPTIONS[key]
    return table[name](IMAGE, **{**options, **more})


def noise(part, count=COUNT, seed=0):
    return seeds.batch_uniform(seed, count, (part.noise_size,))


@each
def test_the_rate_has_its_law(key):
    """P(r = 0), P(r = 1) and the mean of the rest, within five standard errors."""
    part = make(key, clean=0.3, erase=0.2)
    rate = part.rate(noise(part)[:, 0]).numpy()
    for share, expected in (((rate == 0).mean(), 0.3), ((rate == 1).mean(), 0.2)):
        assert abs(share - expected) < 5 * math.sqrt(expected * (1 - expected) / COUNT)
    between = rate[(rate > 0) & (rate < 1)]
    assert abs(between.mean() - 0.5) < 5 / math.sqrt(12 * len(between))


@each
def test_a_clean_image_is_the_image_and_an_erased_one_says_nothing(key):
    x = seeds.batch_uniform(1, 6, IMAGE)
    part = make(key, clean=1.0, erase=0.0)
    np.testing.assert_array_equal(part(x, noise(part, 6)), x)
    part = make(key, clean=0.0, erase=1.0)
    given = noise(part, 6)
    np.testing.assert_allclose(part(x, given), part(1 - x, given), atol=1e-6)


def test_pixels_are_replaced_with_probability_r_by_their_levels():
    for levels in (2, 5, 0):
        part = make("pixels", levels=levels)
        x = tf.fill([COUNT, *IMAGE], -1.0)  # No noise pixel has this value.
        rate = tf.fill([COUNT, 1, 1, 1], 0.25)
        out = part.corrupted(x, rate, noise(part)[:, 1:]).numpy()
        replaced = out >= 0
        # All channels of a pixel together.
        assert (replaced.all(-1) == replaced.any(-1)).all()
        trials = COUNT * 64
        assert abs(replaced[..., 0].mean() - 0.25) < 5 * math.sqrt(0.25 * 0.75 / trials)
        values = out[replaced]
        if levels:
            found, counts = np.unique(values, return_counts=True)
            np.testing.assert_allclose(found, np.linspace(0, 1, levels), atol=1e-6)
            share = 1 / levels
            error = 5 * math.sqrt(share * (1 - share) / len(values) * 3)  # Channels of one pixel.
            assert (np.abs(counts / len(values) - share) < error).all()
        else:
            assert abs(values.mean() - 0.5) < 5 / math.sqrt(12 * len(values) / 3)


def test_a_block_is_one_rectangle_of_the_area_and_lies_anywhere():
    part = make("blocks", fill=0.25)
    x = tf.ones([COUNT, *IMAGE])
    out = part.corrupted(x, tf.fill([COUNT, 1, 1, 1], 0.25), noise(part)[:, 1:]).numpy()
    erased = out[..., 0] == 0.25
    assert (erased.sum((1, 2)) == 16).all()  # A quarter of 64.
    rows, columns = erased.any(2), erased.any(1)
    assert (rows.sum(1) == 4).all() and (columns.sum(1) == 4).all()
    assert rows.any(0).all() and columns.any(0).all()  # Every row and column is met.


def test_gaussian_noise_has_the_moments_of_its_rate():
    part = make("gaussian", stddev=0.3)
    x = tf.fill([COUNT, *IMAGE], 0.8)
    out = part.corrupted(x, tf.fill([COUNT, 1, 1, 1], 0.5), noise(part)[:, 1:]).numpy()
    count = out.size
    assert abs(out.mean() - 0.65) < 5 * 0.15 / math.sqrt(count)
    assert abs(out.std() - 0.15) < 5 * 0.15 / math.sqrt(2 * count)


@each
def test_it_is_saved(key):
    part = make(key)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(part))
    assert again.get_config() == part.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clean": 0.7, "erase": 0.4}, "clean \\+ erase must be <= 1"),
        ({"clean": -0.1}, "clean"),
        ({"levels": 1}, "levels must be 0, or at least 2"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        corruptions.Pixels(IMAGE, **options)


def test_with_everything_erased_the_chain_forgets_its_start_in_one_step():
    """Irreducible: from two images, the same noise gives the same next image."""
    corruption = {"name": "pixels", "clean": 0.0, "erase": 1.0}
    parts = {
        "mapping": {"name": "mlp", "dense": (6,)},
        "inference": {"name": "gaussian", "trunk": "mlp", "dense": (6,)},
    }
    model = GVAE((8, 8, 1), 3, corruption=corruption, **parts)
    black, white = np.zeros([4, 8, 8, 1], np.float32), np.ones([4, 8, 8, 1], np.float32)
    ends = [model.gibbs_sample(x, num_steps=1, seed=5).numpy() for x in (black, white)]
    np.testing.assert_array_equal(*ends)
    plain = GVAE((8, 8, 1), 3, **parts)
    ends = [plain.encode(x, seed=5).numpy() for x in (black, white)]
    assert np.abs(ends[0] - ends[1]).max() > 1e-3


def test_the_posterior_of_a_corrupted_image_is_that_of_q():
    corruption = {"name": "blocks", "clean": 0.0, "erase": 1.0, "fill": 0.25}
    model = GVAE((8, 8, 1), 3, corruption=corruption)
    x = images({"image": np.random.default_rng(0).random((4, 8, 8, 1), np.float32)})
    given = seeds.normal(seeds.rows(0, 4), model.noise_shape)
    q, left = condition(model.posterior(x), given)
    erased = model.inference.distribution(tf.fill(x.shape, 0.25))
    np.testing.assert_allclose(q.mean(), erased.mean(), atol=1e-6)
    np.testing.assert_array_equal(left, given[:, :3])

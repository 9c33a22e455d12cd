"""The incremental sampler gives the plain sampler's image for the same noise, bit for bit."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tests.families import oracle
from tests.families.oracle import KEYS, build, parameters, uniform_noise

COLOUR = (4, 5, 3)
# Wider than every kernel; colours; one row; one column.
SHAPES = [(5, 9, 1), COLOUR, (1, 6, 1), (6, 1, 3)]
VARIANTS = {key: (key, {}) for key in KEYS}
VARIANTS["pixelcnn, no blocks"] = ("pixelcnn", {"num_blocks": 0})
VARIANTS["pixelcnn, 3 levels, deep"] = ("pixelcnn", {"levels": 3, "num_blocks": 3})
variants = pytest.mark.parametrize(
    "variant",
    [pytest.param(v, marks=pytest.mark.slow if "pp" in v else ()) for v in VARIANTS],
)
plain = pytest.mark.parametrize(
    "key", [pytest.param(key, marks=pytest.mark.slow if "pp" in key else ()) for key in KEYS]
)


def quick(variant, shape):
    """Each takes long to trace: all shapes of the plain network, colours of the others."""
    return variant == "pixelcnn" or (shape == COLOUR and "pp" not in variant)


@functools.cache
def compiled(variant, image_shape):
    """(family, family.sample as one concrete function for any number of rows)."""
    key, options = VARIANTS[variant]
    family = build(key, image_shape, **options)
    shapes = family.params_shape(image_shape), family.noise_shape(image_shape)
    traced = tf.function(family.sample, [tf.TensorSpec([None, *shape]) for shape in shapes])
    return family, traced.get_concrete_function()


@pytest.mark.parametrize(
    ("variant", "shape"),
    [
        pytest.param(variant, shape, marks=() if quick(variant, shape) else pytest.mark.slow)
        for variant in VARIANTS
        for shape in SHAPES
    ],
)
def test_same_noise_same_image(variant, shape):
    """Logits differ by rounding, some 1e-6: a draw differs with as small a probability."""
    family, sample = compiled(variant, shape)
    params, noise = parameters(family, 3), uniform_noise(family, 3, seed=1)
    x = sample(params, noise)
    assert x.shape == (3, *shape)
    np.testing.assert_array_equal(x, oracle.naive_sample(family, params, noise))
    # Nothing of this is trivial.
    assert len(np.unique(x)) > 1 and not np.array_equal(x[0], x[1])


@variants
def test_a_row_is_a_function_of_its_own_noise(variant):
    """The same again, and by itself as within its batch."""
    family, sample = compiled(variant, COLOUR)
    params, noise = parameters(family, 3), uniform_noise(family, 3, seed=2)
    x = sample(params, noise)
    np.testing.assert_array_equal(sample(params, noise), x)
    for row in range(3):
        alone = sample(params[row : row + 1], noise[row : row + 1])
        np.testing.assert_array_equal(alone[0], x[row])


@variants
def test_draws_are_images_of_the_family(variant):
    """Those of noise at the ends of [0, 1), too."""
    family, sample = compiled(variant, COLOUR)
    noise = uniform_noise(family, 4).numpy()
    noise[0], noise[1] = 0.0, 1.0 - 2.0**-24
    x = sample(parameters(family, 4), noise)
    np.testing.assert_allclose(x, family.snap(x), atol=1e-7)


@variants
def test_the_condition_reaches_the_draw(variant):
    family, sample = compiled(variant, COLOUR)
    noise = tf.repeat(uniform_noise(family, 1), 8, 0)
    x = sample(3 * parameters(family, 8), noise).numpy()
    assert len(np.unique(x.reshape(8, -1), axis=0)) > 1


@plain
def test_without_a_graph_it_is_the_same(key):
    family, sample = compiled(key, COLOUR)
    params, noise = parameters(family, 2), uniform_noise(family, 2, seed=3)
    np.testing.assert_allclose(family.sample(params, noise), sample(params, noise), atol=1e-7)
    # Traced once: other rows, other weights.
    for weight in family.trainable_variables:
        weight.assign(0.5 * weight)
    changed = family.sample(params[:1], noise[:1])
    np.testing.assert_allclose(changed, sample(params[:1], noise[:1]), atol=1e-7)
    for weight in family.trainable_variables:
        weight.assign(2.0 * weight)  # The family is cached.


@plain
def test_a_graph_may_know_the_batch(key):
    family, sample = compiled(key, COLOUR)
    params, noise = parameters(family, 1), uniform_noise(family, 1, seed=4)
    x = tf.function(family.sample)(params, noise)
    assert x.shape == (1, *COLOUR)
    np.testing.assert_allclose(x, sample(params, noise), atol=1e-7)

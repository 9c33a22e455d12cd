"""Every f and every q: shapes, gradients to every weight, a round trip."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.conformance import components
from tfgvae import seeds
from tfgvae.distributions.flow import Flow
from tfgvae.distributions.noise import from_noise
from tfgvae.inference import INFERENCE
from tfgvae.mappings import MAPPINGS

tfd = tfp.distributions

LATENT = 5  # one latent a group at 128x128
# The smallest and the largest size, odd sizes on the pyramid, a rectangle.
SHAPES = [(8, 8, 1), (28, 28, 3), (13, 21, 1), (128, 128, 3)]


def mapping(key, shape=(8, 8, 2)):
    given = {"latent_dim": LATENT, "params_shape": shape}
    part = components.build(MAPPINGS, components.MAPPINGS, key, **given)
    part.build((None, LATENT))
    return part


def inference(key, shape=(8, 8, 1)):
    given = {"latent_dim": LATENT, "image_shape": shape}
    options = components.INFERENCE[key]
    if shape != (8, 8, 1) and not callable(options):
        options = {name: value for name, value in options.items() if name != "latent_groups"}
    part = components.build(INFERENCE, {key: options}, key, **given)
    part.build((None, *shape))
    return part


def check_gradients(part, evaluate):
    """Every weight has a finite gradient from the sum of squares of the outputs."""
    with tf.GradientTape() as tape:
        loss = tf.add_n([tf.reduce_sum(tf.square(y)) for y in evaluate()])
    for weight, gradient in zip(
        part.trainable_variables, tape.gradient(loss, part.trainable_variables), strict=True
    ):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path


def randomise(part):
    """Move every weight away from zeros that hide a broken path."""
    for i, weight in enumerate(part.trainable_variables):
        weight.assign_add(0.1 * seeds.batch_normal(i, 1, weight.shape)[0])


@pytest.mark.parametrize("key", components.MAPPINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_mapping_gives_the_parameters_shape(key, shape):
    part = mapping(key, shape)
    assert part(seeds.batch_normal(0, 3, (LATENT,))).shape == (3, *shape)


@pytest.mark.parametrize("key", components.INFERENCE)
@pytest.mark.parametrize("shape", SHAPES)
def test_inference_gives_a_distribution_away_from_zero(key, shape):
    part = inference(key, shape)
    q = part.distribution(100 * seeds.batch_normal(0, 3, shape))
    assert q.batch_shape == (3,) and q.event_shape == (LATENT,)
    if isinstance(q, Flow):  # It has no moments in closed form.
        z = q.from_noise(seeds.batch_normal(1, 3, (LATENT,)))
        assert np.isfinite(q.log_prob(z)).all()
        return
    # A class may be certain.
    least = part.min_stddev if isinstance(q, tfd.Independent) else 0
    assert (q.stddev().numpy() >= least).all()


def test_a_sigmoid_deviation_is_that_of_the_authors_code():
    part = inference("gaussian-sigmoid", (8, 8, 1))
    raw = np.linspace(-6, 6, 9, dtype=np.float32)
    heads = np.concatenate([np.zeros_like(raw), raw])[None]
    expected = np.maximum(1 / (1 + np.exp(-raw)), 0.3)
    np.testing.assert_allclose(part.moments(heads)[1][0], expected, rtol=1e-5)


@pytest.mark.parametrize("key", components.MAPPINGS)
def test_mapping_gradients_and_round_trip(key):
    part, z = mapping(key), seeds.batch_normal(1, 3, (LATENT,))
    randomise(part)
    check_gradients(part, lambda: [part(z, training=True)])
    check_round_trip(part, (None, LATENT), lambda p: p(z))


@pytest.mark.parametrize("key", components.INFERENCE)
def test_inference_gradients_and_round_trip(key):
    part, x = inference(key), seeds.batch_uniform(1, 3, (8, 8, 1))
    noise = seeds.batch_normal(2, 3, (LATENT,))
    randomise(part)
    check_gradients(part, lambda: [from_noise(part.distribution(x, training=True), noise)])
    check_round_trip(part, (None, 8, 8, 1), lambda p: from_noise(p.distribution(x), noise))


def check_round_trip(part, shape, evaluate):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(part))
    copy.build(shape)
    copy.set_weights(part.get_weights())
    np.testing.assert_array_equal(evaluate(copy), evaluate(part))


@pytest.mark.parametrize("key", components.MAPPINGS)
def test_rows_are_independent_at_inference(key):
    part, z = mapping(key), seeds.batch_normal(2, 3, (LATENT,))
    # Kernels may sum in another order for another batch size: float rounding, no more.
    np.testing.assert_allclose(part(z)[:1], part(z[:1]), atol=1e-5)

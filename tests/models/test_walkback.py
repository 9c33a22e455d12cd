"""Walkback: the loss at the end of the model's own chain, with no gradient through its images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import GVAE, Infusion, SeqVAE, seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.layers.classifier import ClassifierNetwork
from tfgvae.models.walkback import walkback

IMAGE = (8, 8, 1)
PARTS = {
    "mapping": {"name": "mlp", "dense": (6,)},
    "inference": {"name": "gaussian", "trunk": "mlp", "dense": (6,)},
}


def build(**options):
    return GVAE(IMAGE, 3, regularizer="none", **PARTS, **options)


def data(model, count=5):
    return model.family.snap(seeds.batch_uniform(0, count, IMAGE))


def by_hand(model, x, z, seed, steps):
    """The chain step by step, with the samplers' own functions."""
    for step in range(steps):
        x_seed, z_seed = seeds.split(seeds.fold_in(seed, step), 2)
        shape = model.family.noise_shape(IMAGE)
        walked = model.family.sample(
            model.likelihood(z), seeds.batch_uniform(x_seed, len(x), shape)
        )
        z = from_noise(
            model.posterior(walked), seeds.batch_normal(z_seed, len(x), model.noise_shape)
        )
    return -model.family.log_prob(x, model.likelihood(z)), z, walked


@pytest.mark.parametrize("corruption", ["none", "pixels"])
@pytest.mark.parametrize("steps", [1, 3])
def test_it_is_the_chain_step_by_step(steps, corruption):
    model = build(corruption=corruption)
    x, seed = data(model), tf.constant(7, tf.int64)
    z = model.encode(x, seed=1)
    found = walkback(model, x, None, z, seed, steps)
    expected, _, _ = by_hand(model, x, z, seed, steps)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_gradient_is_that_with_the_chains_images_held_fixed():
    model = build(family="gaussian")  # Its draws have a gradient, which must be stopped.
    x, seed = data(model), tf.constant(7, tf.int64)
    z = model.encode(x, seed=1)
    weights = [weight.value for weight in model.trainable_variables]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(walkback(model, x, None, z, seed, 1))
    found = tape.gradient(loss, weights)
    _, _, walked = by_hand(model, x, z, seed, 1)
    walked = tf.constant(walked.numpy())
    _, z_seed = seeds.split(seeds.fold_in(seed, 0), 2)
    with tf.GradientTape() as tape:
        noise = seeds.batch_normal(z_seed, len(x), model.noise_shape)
        again = from_noise(model.posterior(walked), noise)
        params = model.likelihood(again)
        loss = -tf.reduce_sum(model.family.log_prob(x, params))
    for ours, theirs in zip(found, tape.gradient(loss, weights), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_training_adds_it_and_evaluation_does_not():
    plain, walking = build(), build(walkback=2)
    x = data(plain)
    for model in (plain, walking):
        model(x, training=True)
    assert len(walking.losses) == len(plain.losses) + 1
    plain, walking = build(), build(walkback=2)
    for model in (plain, walking):
        model(x)
    np.testing.assert_allclose(walking.losses, plain.losses, rtol=1e-6)


def test_it_trains_and_is_saved(tmp_path):
    model = build(walkback=2)
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(data(model, 8), epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").walkback == 2


def test_its_images_are_no_data():
    """The estimate of q(z) and the averages of batch normalisation are those without walkback."""
    parts = {
        "mapping": {"name": "conv", "width": 4, "dense": (), "norm": "batch"},
        "inference": {"name": "gaussian", "width": 4, "dense": (6,), "norm": "batch"},
    }
    network = ClassifierNetwork(IMAGE, 3, width=4, dense=(6,))
    fixed = {**parts, "inference": {"name": "classifier", "network": network}}
    for options in (parts, fixed):
        models = [GVAE(IMAGE, 3, regularizer="none", **options, walkback=k) for k in (0, 2)]
        x = data(models[0], 16)
        for model in models:
            model(x, training=True)
        plain, walking = ([w.numpy() for w in m.non_trainable_variables] for m in models)
        for ours, theirs in zip(walking, plain, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "make",
    [
        lambda **given: Infusion(IMAGE, 2, mapping={"name": "mlp", "dense": (6,)}, **given),
        lambda **given: SeqVAE(IMAGE, 2, 3, width=4, dense=(6,), **given),
        lambda **given: SeqVAE(
            IMAGE, 2, 3, width=4, dense=(6,), step_prior="conditional", training="last", **given
        ),
    ],
)
def test_models_of_several_steps_have_it(make):
    plain, walking = make(), make(walkback=2)
    assert "walkback" not in plain.get_config()  # As in the files of earlier versions.
    assert walking.get_config()["walkback"] == 2
    x = data(plain)
    for model in (plain, walking):
        model(x, training=True)
    assert len(walking.losses) == len(plain.losses) + 1
    z, seed = walking.encode(x, seed=1), tf.constant(7, tf.int64)
    found = walkback(walking, x, None, z, seed, 2)
    np.testing.assert_allclose(found, by_hand(walking, x, z, seed, 2)[0], rtol=1e-5)
    np.testing.assert_allclose(walking.losses[0], plain.losses[0], rtol=1e-6)


def test_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="walkback"):
        build(walkback=-1)

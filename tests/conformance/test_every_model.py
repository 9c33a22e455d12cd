"""Every model: it trains with plain Keras, is saved, and gives the same result for one seed."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance import components
from tests.conformance.tiny_models import IMAGE, batch, build, each
from tfgvae import seeds
from tfgvae.models import MODELS


@each
def test_terms_are_per_image_and_add_up_to_the_loss(key):
    model = build(key)
    terms = model(batch(model))
    assert set(terms) == set(model.term_names)
    assert all(v.shape == (6,) for v in terms.values())
    np.testing.assert_allclose(terms["elbo"], -(terms["nll"] + terms["kl"]), rtol=1e-6)
    steps = [v for k, v in terms.items() if k.startswith("nll_step")]
    if not steps or not getattr(model, "intermediate_reconstruction", True):
        steps = [terms["nll"]]
    objective = sum(tf.reduce_mean(nll) for nll in steps) + tf.reduce_mean(terms["penalty"])
    if "bound" in terms:
        objective = -tf.reduce_mean(terms["bound"])
    np.testing.assert_allclose(sum(model.losses), objective, rtol=1e-5)


@each
def test_gradients_reach_every_weight(key):
    model = build(key)
    for i, weight in enumerate(model.trainable_variables):
        weight.assign_add(0.1 * seeds.batch_normal(i, 1, weight.shape)[0])
    with tf.GradientTape() as tape:
        model(batch(model), training=True)
        loss = tf.add_n(model.losses)
    for weight, gradient in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
    ):
        assert gradient is not None and np.isfinite(gradient).all(), weight.path


@each
def test_fit_save_load_and_go_on(key, tmp_path):
    """A model that is saved and loaded in the middle of training goes on the same, bit for bit."""
    model = build(key)
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=False, run_eagerly=True)
    data = batch(model)
    fit = {"batch_size": 3, "shuffle": False, "verbose": 0}
    history = model.fit(data, **fit).history
    assert all(math.isfinite(v[-1]) for v in history.values())
    assert {"loss", "nll", "kl", "elbo", "penalty"} <= set(history)
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    assert int(copy.train_batches) == 2
    for name, value in model(data).items():
        np.testing.assert_array_equal(copy(data)[name], value, err_msg=name)
    copy.run_eagerly = True
    model.fit(data, **fit)
    copy.fit(data, **fit)
    for ours, theirs in zip(model.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(theirs, ours, err_msg=ours.path)


@each
def test_same_seed_same_model_same_noise(key):
    one, two, other = build(key), build(key), build(key, seed=2)
    for ours, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_array_equal(theirs, ours)
    assert any(not np.array_equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))
    data = batch(one)
    first = one(data, training=True)["nll"]
    np.testing.assert_array_equal(two(data, training=True)["nll"], first)
    # The next batch has new noise, if there is noise.
    assert np.array_equal(one(data, training=True)["nll"], first) != one.has_latents


@each
def test_predict_and_evaluate_see_the_same_noise(key):
    """Both count their batches from 0; earlier calls make no difference."""
    model = build(key)
    model.compile(keras.optimizers.SGD(), jit_compile=False)
    data = tf.nest.map_structure(lambda t: tf.concat([t[:2]] * 2, 0), batch(model))
    options = {"batch_size": 2, "verbose": 0}
    terms = model.predict(data, **options)
    assert set(terms) == set(model.term_names)
    # The same two images in two batches: each batch has its own noise.
    assert np.array_equal(terms["nll"][:2], terms["nll"][2:]) != model.has_latents
    np.testing.assert_array_equal(model.predict(data, **options)["nll"], terms["nll"])
    logs = model.evaluate(data, return_dict=True, **options)
    for name in ("nll", "elbo"):
        np.testing.assert_allclose(logs[name], terms[name].mean(), rtol=1e-5)


@pytest.mark.parametrize("name", components.REGULARIZERS)
def test_every_regularizer_evaluates_a_last_batch_of_one_row(name):
    regularizer = {"name": name.split("-")[0], **components.REGULARIZERS[name]}
    options = {**components.MODELS["gvae"], "regularizer": regularizer}
    model = components.build(MODELS, {"gvae": options}, "gvae", image_shape=IMAGE, seed=1)
    model.compile(keras.optimizers.SGD(), jit_compile=False)
    logs = model.evaluate(batch(model, 5), batch_size=4, verbose=0, return_dict=True)
    assert all(math.isfinite(value) for value in logs.values())

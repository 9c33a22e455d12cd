"""The modes of training of the sequential VAE: which images, and which gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import SeqVAE, seeds
from tfgvae.models.step_training import TRAINING

IMAGE = (8, 8, 1)
TINY = {"num_steps": 3, "latent_dim": 4, "width": 4, "dense": (6,), "kernel_size": 3}
X = seeds.batch_uniform(0, 5, IMAGE)
PRIORS = ("normal", "conditional")
few_priors = pytest.mark.parametrize(
    "prior", [pytest.param("normal", marks=pytest.mark.slow), "conditional"]
)


def seqvae(**options):
    return SeqVAE(IMAGE, **{**TINY, **options})


def loss_and_gradients(model):
    with tf.GradientTape() as tape:
        model(X, training=True)
        loss = tf.add_n(model.losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    model.train_batches.assign(0)
    return float(loss), gradients


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("training", TRAINING)
def test_a_step_reaches_earlier_steps_except_when_greedy(prior, training):
    """The gradient of the last step's image, and of its KL, at the networks of the first step."""
    model = seqvae(training=training, step_prior=prior)
    for i, weight in enumerate(model.trainable_variables):
        weight.assign_add(0.2 * seeds.batch_normal(i, 1, weight.shape)[0])
    with tf.GradientTape(persistent=True) as tape:
        terms = model(X, training=True)
    first = model._first.trainable_variables
    for name in ("nll_step_3", "kl_step_3") if prior == "conditional" else ("nll_step_3",):
        found = tape.gradient(terms[name], first)
        reached = any(g is not None and np.any(g) for g in found)
        assert reached == (training != "greedy"), name


@few_priors
def test_at_weight_1_annealed_has_the_gradients_of_through(prior):
    models = (seqvae(training=t, step_prior=prior) for t in ("annealed", "through"))
    start, through = (loss_and_gradients(model) for model in models)
    np.testing.assert_allclose(start[0], through[0], rtol=1e-6)
    for a, b in zip(start[1], through[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@few_priors
def test_the_loss_of_annealed_lies_between_both(prior):
    """The noise of an evaluation does not depend on the number of training batches."""
    losses = {}
    for training in ("through", "last", "annealed"):
        model = seqvae(training=training, anneal_steps=10, step_prior=prior)
        for batches in (0, 5, 10, 15):
            model.train_batches.assign(batches)
            model(X)
            losses[training, batches] = float(sum(model.losses))
    for batches, weight in ((0, 1.0), (5, 0.5), (10, 0.0), (15, 0.0)):
        expected = weight * losses["through", batches] + (1 - weight) * losses["last", batches]
        np.testing.assert_allclose(losses["annealed", batches], expected, rtol=1e-5)


def test_at_weight_0_annealed_has_the_gradients_of_last():
    last, annealed = seqvae(training="last"), seqvae(training="annealed", anneal_steps=10)
    for model in (last, annealed):
        model.train_batches.assign(10)
    for ours, theirs in zip(*(loss_and_gradients(m)[1] for m in (annealed, last)), strict=True):
        np.testing.assert_allclose(ours, 0.0 if theirs is None else theirs, rtol=1e-3, atol=1e-4)


def test_the_weight_follows_the_batches_of_fit():
    model = seqvae(training="annealed", anneal_steps=2)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    fit = {"batch_size": 5, "verbose": 0, "shuffle": False}
    for weight in (1.0, 0.5, 0.0, 0.0):
        logs = {k: v[0] for k, v in model.fit(X, **fit).history.items()}
        earlier = logs["nll_step_1"] + logs["nll_step_2"]
        expected = weight * earlier + logs["nll"] + logs["penalty"]
        np.testing.assert_allclose(logs["loss"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("older", "mode"),
    [
        ({}, "greedy"),
        pytest.param(
            {"intermediate_reconstruction": True, "stop_gradient": True},
            "greedy",
            marks=pytest.mark.slow,
        ),
        pytest.param({"stop_gradient": False}, "through", marks=pytest.mark.slow),
        pytest.param({"intermediate_reconstruction": False}, "last", marks=pytest.mark.slow),
        pytest.param(
            {"intermediate_reconstruction": False, "stop_gradient": True},
            "last",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"intermediate_reconstruction": False, "stop_gradient": False},
            "last",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"training": "greedy", "stop_gradient": True}, "greedy", marks=pytest.mark.slow
        ),
        pytest.param(
            {"training": "last", "intermediate_reconstruction": False},
            "last",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_older_arguments_name_three_modes(older, mode):
    model = seqvae(**older)
    assert model.training == mode
    assert (model.intermediate_reconstruction, model.stop_gradient) == TRAINING[mode]
    assert SeqVAE.from_config(model.get_config()).training == mode
    named, plain = seqvae(training=mode), loss_and_gradients(model)
    found = loss_and_gradients(named)
    assert found[0] == plain[0]
    for ours, theirs in zip(found[1], plain[1], strict=True):
        assert (ours is None) == (theirs is None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"training": "lazy"}, "training must be one of greedy, through, last, annealed"),
        ({"training": "through", "stop_gradient": True}, "set only training"),
        ({"training": "greedy", "intermediate_reconstruction": False}, "got intermediate_recon"),
        ({"training": "last", "stop_gradient": True}, "means stop_gradient = False"),
        ({"training": "annealed", "intermediate_reconstruction": False}, "set only training"),
        ({"anneal_steps": 0}, "anneal_steps must be finite and > 0"),
        ({"stop_gradient": "no"}, "stop_gradient must be True or False"),
        ({"intermediate_reconstruction": 1}, "intermediate_reconstruction must be True or False"),
    ],
)
def test_contradictions_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        seqvae(**options)


def test_outside_training_a_greedy_chain_has_its_true_gradient():
    """HMC follows d log p(x|z) / dz, which passes all steps."""
    model = seqvae(training="greedy")
    z = seeds.batch_normal(1, 5, (3, 4))
    for training in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(z)
            last = model.likelihood(z, training=training)
        gradient = tape.gradient(last, z).numpy()
        assert np.any(gradient[:, 2])
        assert np.any(gradient[:, :2]) != training

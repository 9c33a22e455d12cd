"""The importance-weighted objective: K = 1, its value, its gradient, its order, what is refused."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.tiny_models import IMAGE, batch, build
from tfgvae import GVAE, SeqVAE, seeds
from tfgvae.distributions.divergence import kl_divergence
from tfgvae.distributions.noise import from_noise
from tfgvae.objectives import ELBO, IWAE, OBJECTIVES, iwae
from tfgvae.zoo import trusted

SMALL = {
    "latent_dim": 2,
    "mapping": {"name": "mlp", "dense": (5,)},
    "inference": {"name": "gaussian", "trunk": "mlp", "dense": (5,)},
}


def small(num_samples=None, **given):
    objective = {"name": "iwae", "num_samples": num_samples} if num_samples else "elbo"
    model = GVAE(IMAGE, objective=objective, seed=3, **{**SMALL, **given})
    for i, weight in enumerate(model.trainable_variables):
        weight.assign_add(0.2 * seeds.batch_normal(i, 1, weight.shape)[0])
    return model


def loss_of(model, x):
    model(x, training=True)
    model.train_batches.assign(0)  # The same noise in the next call.
    return tf.add_n(model.losses)


def gradients(model, x):
    with tf.GradientTape() as tape:
        loss = loss_of(model, x)
    return loss, tape.gradient(loss, model.trainable_variables)


@pytest.mark.parametrize("prior", ["inference", "flow"])
def test_one_draw_is_the_elbo_bit_for_bit(prior):
    """With a closed KL and without; the loss, every term, every gradient."""
    elbo, weighted = small(prior=prior), small(1, prior=prior)
    x = batch(elbo, 4)
    (a, of_a), (b, of_b) = gradients(elbo, x), gradients(weighted, x)
    assert float(a) == float(b)
    for ours, theirs in zip(of_a, of_b, strict=True):
        np.testing.assert_array_equal(theirs, ours)
    terms = weighted(x)
    assert terms.keys() == elbo(x).keys()
    np.testing.assert_array_equal(terms["elbo"], elbo(x)["elbo"])


def test_one_weight_is_the_elbo_of_one_draw():
    """The formula at K = 1: log p(x|z) + log p(z) - log q(z|x), without a closed KL."""
    model = small(prior="flow")
    x, noise = batch(model, 4), seeds.batch_normal(5, 4, (2,))
    q = model.posterior(x)
    z, log_q = iwae.draws(q, noise, 1)
    log_weights = model.prior().log_prob(z) - log_q + model.family.log_prob(x, model.likelihood(z))
    sampled = kl_divergence(q, model.prior(), from_noise(q, noise))
    nll = -model.family.log_prob(x, model.likelihood(from_noise(q, noise)))
    np.testing.assert_allclose(iwae.bound(log_weights, 1), -(nll + sampled), rtol=1e-5)


@pytest.mark.parametrize(
    ("key", "draws"), [("gvae", 3), pytest.param("gvae-flow", 2, marks=pytest.mark.slow)]
)
def test_the_value_is_the_log_mean_of_the_weights(key, draws):
    """Draw by draw; the first draw has the noise of the ELBO, and so the same other terms."""
    model = build(key, objective={"name": "iwae", "num_samples": draws})
    x = batch(model, 4)
    terms, seed = model(x), seeds.fold_in(1, seeds.EVALUATION, 0)
    z_seed = seeds.split(seed, 3)[0]
    log_weights = []
    for k in range(draws):
        own = z_seed if k == 0 else seeds.fold_in(z_seed, k)
        q = model.posterior(x)
        z = from_noise(q, seeds.batch_normal(own, 4, model.noise_shape))
        log_p = model.family.log_prob(x, model.likelihood(z)) + model.prior().log_prob(z)
        log_weights.append(log_p - q.log_prob(z))
    expected = tf.reduce_logsumexp(tf.stack(log_weights), 0) - math.log(draws)
    np.testing.assert_allclose(terms["bound"], expected, rtol=1e-5)
    np.testing.assert_allclose(sum(model.losses), -tf.reduce_mean(expected), rtol=1e-5)
    for name, value in build(key)(x).items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-4, err_msg=name)


def test_the_gradient_is_that_of_finite_differences():
    """Along one random direction for each weight, in float32: central differences."""
    model = small(3)
    x = batch(model, 4)
    _, found = gradients(model, x)
    step = 1e-2
    for i, (weight, gradient) in enumerate(zip(model.trainable_variables, found, strict=True)):
        direction = seeds.batch_normal(100 + i, 1, weight.shape)[0]
        direction /= tf.norm(direction)
        ends = []
        for sign in (1, -1):
            weight.assign_add(sign * step * direction)
            ends.append(float(loss_of(model, x)))
            weight.assign_add(-sign * step * direction)
        slope = float(tf.reduce_sum(gradient * direction))
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(slope, rel=0.02, abs=0.02)


def test_more_draws_are_tighter_in_expectation_by_enumeration():
    """z in {0, 1, 2}: the exact E L_K over all 3^K draws rises with K, and stays below log p(x)."""
    q = np.array([0.5, 0.3, 0.2])
    joint = np.array([0.02, 0.1, 0.05])  # p(x, z)
    exact = []
    for count in range(1, 6):
        chosen = np.array(list(itertools.product(range(3), repeat=count)))  # [3^K, K]
        log_weights = np.log(joint / q)[chosen].T.reshape(-1)  # As `tiled`: draw by draw.
        bounds = iwae.bound(tf.constant(log_weights), count).numpy()
        exact.append(np.sum(np.prod(q[chosen], axis=1) * bounds))
    assert exact[0] == pytest.approx(np.sum(q * np.log(joint / q)))  # The ELBO.
    assert np.all(np.diff(exact) > 0) and exact[-1] < math.log(joint.sum())


def test_it_is_saved_with_the_model_and_the_elbo_is_not(tmp_path):
    model = small(4)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert isinstance(again.objective, IWAE) and again.objective.num_samples == 4
    assert "objective" not in small().get_config()
    assert isinstance(small().objective, ELBO)
    trusted.check(keras.saving.serialize_keras_object(model))  # A preset may hold it.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regularizer": "mmd"}, "takes the regularizer kl, got MMD"),
        ({"regularizer": "none"}, "takes the regularizer kl, got NoRegularizer"),
        (
            {"regularizer": {"name": "kl", "free_bits": 0.5}},
            "free_bits = 0.5 is a loss of the batch",
        ),
        (
            {"regularizer": {"name": "kl", "weight": 2.0}},
            "weight 1 and schedule constant, got weight",
        ),
        ({"regularizer": {"name": "kl", "schedule": "linear"}}, "schedule = 'linear'"),
        ({"corruption": "pixels"}, "corruption Pixels, q.z.x. has no density"),
        ({"walkback": 2}, "walkback = 2 adds another loss"),
        ({"objective": {"name": "iwae", "num_samples": 0}}, "num_samples must be an integer >= 1"),
        ({"objective": "dreg"}, "unknown objective 'dreg'; known: elbo, iwae"),
    ],
)
def test_what_is_refused_is_one_sentence(options, message):
    with pytest.raises(ValueError, match=message) as error:
        GVAE(IMAGE, **{**SMALL, "objective": "iwae", **options})
    assert "\n" not in str(error.value)


def test_a_chain_that_trains_every_step_is_refused():
    for options, message in (
        ({}, "training = 'greedy' also trains the images of earlier steps"),
        ({"training": "last", "denoise": True}, "denoise trains with"),
    ):
        with pytest.raises(ValueError, match=message):
            SeqVAE(IMAGE, num_steps=2, width=4, dense=(6,), objective="iwae", **options)


def test_the_table():
    assert list(OBJECTIVES) == ["elbo", "iwae"]

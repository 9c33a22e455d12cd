"""The sequential VAE with a prior of z(t) given x(t-1)."""

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from tfgvae import GVAE, SeqVAE, seeds
from tfgvae.distributions import step_chain
from tfgvae.models.base import LatentVariableModel

IMAGE = (8, 8, 1)
LADDER = {"width": 4, "dense": (6,), "kernel_size": 3}
X = seeds.batch_uniform(0, 5, IMAGE)
FLOOR = 100.0  # nats, above every divergence here


def seqvae(**options):
    given = {"num_steps": 3, "latent_dim": 4, **LADDER, "step_prior": "conditional"}
    return SeqVAE(IMAGE, **{**given, **options})


def moved(model):
    """The model with weights that are not their initial values: no prior is N(0, I)."""
    for i, weight in enumerate(model.trainable_variables):
        weight.assign_add(0.2 * seeds.batch_normal(i, 1, weight.shape)[0])
    return model


def by_hand(model, x, z):
    """log q(z|x), log p(z), log p(x|z) of row i of x and z by scipy, one step after another."""
    log_q, log_p, log_x = [], [], []
    normal = scipy.stats.norm
    for image, latent in zip(x[:, None], z[:, None], strict=True):
        params = model.family.constrain(model._first(latent[:, 0]))
        mean, stddev = model._posteriors[0](image)
        q = normal.logpdf(latent[:, 0], mean, stddev).sum()
        p = normal.logpdf(latent[:, 0]).sum()
        for t in range(1, model.latent_shape[0]):
            step = model._step_of(model._transitions, t)
            old = model.family.mean(params)
            prior = model._step_of(model._step_priors, t)(step.read(old))
            mean, stddev = model._residuals[t - 1](image, old, prior=prior)
            q += normal.logpdf(latent[:, t], mean, stddev).sum()
            p += normal.logpdf(latent[:, t], *prior).sum()
            raw, gate = step(latent[:, t], x=old)
            params = gate * model.family.constrain(raw) + (1 - gate) * params
        log_q.append(q)
        log_p.append(p)
        log_x.append(float(model.family.log_prob(image, params)[0]))
    return np.array(log_q), np.array(log_p), np.array(log_x)


def test_the_importance_weight_of_one_walk_is_that_of_its_definition():
    model = moved(seqvae())
    noise, q = seeds.batch_normal(1, 5, (3, 4)), model.posterior(X)
    found = model.log_weight(X, q, noise)
    log_q, log_p, log_x = by_hand(model, X, model.posterior(X).from_noise(noise))
    np.testing.assert_allclose(found, log_x + log_p - log_q, rtol=1e-4)
    defined = LatentVariableModel.log_weight(model, X, q, noise)
    np.testing.assert_allclose(found, defined, rtol=1e-4)


def test_one_step_is_the_ladder_vae():
    ladder = {"name": "ladder", **LADDER}
    vae = GVAE(IMAGE, latent_dim=4, family="gaussian", mapping=ladder, inference=ladder)
    chain = seqvae(num_steps=1)
    chain._posteriors[0].set_weights(vae.inference.get_weights())
    chain._first.set_weights(vae.mapping.get_weights())
    rows = seeds.rows(3, 5)
    np.testing.assert_array_equal(
        chain.ancestral_sample(5, seed=rows), vae.ancestral_sample(5, seed=rows)
    )
    for name in ("log_likelihood", "encode"):
        ours, theirs = getattr(chain, name)(X, seed=rows), getattr(vae, name)(X, seed=rows)
        np.testing.assert_allclose(np.reshape(ours, np.shape(theirs)), theirs, rtol=1e-5)
    np.testing.assert_allclose(chain(X)["kl"], vae(X)["kl"], rtol=1e-6)


def test_without_a_residual_the_later_steps_say_nothing_of_x():
    """At the start q_t = p_t = N(0, I); later q_t = p_t, whatever p_t has become."""
    start = seqvae()(X)
    assert np.abs(start["kl_step_2"]).max() < 1e-6 and np.abs(start["kl_step_3"]).max() < 1e-6
    model = moved(seqvae())
    assert np.all(model(X)["kl_step_3"] > 1e-4)
    for residual in model._residuals:
        residual._heads.set_weights([0 * w for w in residual._heads.get_weights()])
    terms = model(X)
    assert np.abs(terms["kl_step_2"]).max() < 1e-5 and np.abs(terms["kl_step_3"]).max() < 1e-5
    assert np.all(terms["kl_step_1"] > 1e-4)
    mean = model.prior().conditionals(seeds.batch_normal(0, 5, (3, 4))).mean()
    assert np.abs(mean[:, 1:]).max() > 1e-2


@pytest.mark.parametrize("share", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_densities_are_those_of_each_step_by_hand(share):
    model = moved(seqvae(share=share))
    z = model.encode(X, seed=2)
    log_q, log_p, log_x = by_hand(model, X, z)
    np.testing.assert_allclose(model.posterior(X).log_prob(z), log_q, rtol=1e-4)
    np.testing.assert_allclose(model.prior().log_prob(z), log_p, rtol=1e-4)
    found = model.family.log_prob(X, model.likelihood(z))
    np.testing.assert_allclose(found, log_x, rtol=1e-4)


@pytest.mark.slow
def test_log_likelihood_is_the_mean_weight_of_the_draws():
    """log (1/K) sum_k p(x, z_k) / q(z_k|x), with the draws of its own stream of seeds."""
    model, rows = moved(seqvae()), seeds.rows(4, 5)
    weights = []
    for k in range(6):
        noise = seeds.short_normal(seeds.fold_in(rows, k), model.latent_shape)
        z = model.posterior(X).from_noise(noise)
        log_q, log_p, log_x = by_hand(model, X, z)
        weights.append(log_x + log_p - log_q)
    expected = scipy.special.logsumexp(weights, axis=0) - np.log(6)
    np.testing.assert_allclose(model.log_likelihood(X, 6, seed=rows), expected, rtol=1e-4)


def test_draws_have_the_law_of_their_density():
    """E_p[q(z|x) / p(z)] = 1 for the chain: densities and draws fit, both normalised."""
    model = moved(seqvae())
    # Near the start the weights have small variance; 5 standard errors.
    z = model.prior_from_noise(seeds.batch_normal(1, 4000, (3, 4)))
    model_q = model.posterior(tf.repeat(X[:1], 4000, axis=0))
    ratio = np.exp(model_q.log_prob(z) - model.prior().log_prob(z))
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / np.sqrt(ratio.size)
    # A draw undone: the noise, by the Gaussians given z(<t).
    noise = seeds.batch_normal(2, 5, (3, 4))
    for chain in (model.prior(), model.posterior(X)):
        z = chain.from_noise(noise)
        given = chain.conditionals(z)
        np.testing.assert_allclose((z - given.mean()) / given.stddev(), noise, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("numbers", [1, step_chain.LARGEST])
def test_the_density_of_every_code_under_every_image(numbers, monkeypatch):
    monkeypatch.setattr(step_chain, "LARGEST", numbers)  # One row of codes at a time, or all.
    model = moved(seqvae())
    z = model.encode(X, seed=2)
    pairs = model.posterior(X).log_prob(z[:3, None])
    assert pairs.shape == (3, 5)
    for j in range(5):
        one = model.posterior(X[j : j + 1]).log_prob(z[:3])
        np.testing.assert_allclose(pairs[:, j], one, rtol=1e-4)
    assert model.posterior(X).sample(2, seed=1).shape == (2, 5, 3, 4)
    assert model.prior().sample(2, seed=1).shape == (2, 3, 4)


def test_the_divergence_of_a_step_is_that_of_its_density():
    """E_q [log q_t - log p_t] given z(<t) is kl_step_t: 5 standard errors of 4000 draws."""
    model = moved(seqvae(num_steps=2))
    noise = tf.repeat(seeds.batch_normal(3, 1, (2, 4)), 4000, axis=0)
    noise = tf.concat([noise[:, :1], seeds.batch_normal(4, 4000, (1, 4))], axis=1)
    x = tf.repeat(X[:1], 4000, axis=0)
    walked = model._walk(noise, True, x)
    q, p = walked.posterior.distribution, walked.prior.distribution
    each = tf.reduce_sum((q.log_prob(walked.z) - p.log_prob(walked.z))[:, 1], axis=-1).numpy()
    closed = float(tf.reduce_sum(q.kl_divergence(p)[0, 1]))
    assert abs(each.mean() - closed) < 5 * each.std() / np.sqrt(each.size)


def test_free_bits_floor_each_latent_of_each_step():
    free = seqvae(regularizer={"name": "kl", "free_bits": FLOOR})
    np.testing.assert_allclose(free(X)["penalty"], 3 * 4 * FLOOR, rtol=1e-6)
    plain = seqvae(regularizer={"name": "kl", "free_bits": 1e-9})
    np.testing.assert_allclose(plain(X)["penalty"], plain(X)["kl"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "none",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("stein", "adversarial", "mmd")),
    ],
)
def test_other_regularizers_compare_draws_with_the_chain(name):
    model = seqvae(regularizer=name)
    model.compile(keras.optimizers.SGD(1e-3), jit_compile=False)
    history = model.fit(X, batch_size=5, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_the_score_of_the_prior_passes_the_steps():
    """d log p(z) / d z(1) also counts what z(1) does to p_2, for greedy models too."""
    model = moved(seqvae(num_steps=2, training="greedy"))
    z = seeds.batch_normal(0, 1, (2, 4)).numpy()
    with tf.GradientTape() as tape:
        given = tf.convert_to_tensor(z)
        tape.watch(given)
        log_p = model.prior().log_prob(given)
    found = tape.gradient(log_p, given).numpy()[0, 0]
    step, numeric = 1e-2, []
    for d in range(4):
        shift = np.zeros_like(z)
        shift[0, 0, d] = step
        up, down = (model.prior().log_prob(z + sign * shift) for sign in (1, -1))
        numeric.append(float((up - down)[0]) / (2 * step))
    np.testing.assert_allclose(found, numeric, atol=0.02)
    assert np.abs(found + z[0, 0]).max() > 0.05  # More than the score of N(0, I).


def test_denoising_reads_the_corrupted_image_in_training_only():
    model, clean = moved(seqvae(denoise=True)), moved(seqvae())
    np.testing.assert_array_equal(model(X)["kl"], clean(X)["kl"])
    assert not np.allclose(model(X, training=True)["kl"], clean(X, training=True)["kl"])


def test_single_has_one_step_with_the_normal_prior():
    one = seqvae(single=True, latent_groups=(1, 3))
    normal = seqvae(single=True, latent_groups=(1, 3), step_prior="normal")
    np.testing.assert_array_equal(one(X)["elbo"], normal(X)["elbo"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_prior": "learned"}, "step_prior must be one of normal, conditional"),
        ({"latent_prediction": True}, "two priors of z.t.: use one"),
        ({"num_classes": 3}, "takes no classes"),
        ({"regularizer": "center"}, "Center compares q.z. with N.0, I., not with the prior of"),
        ({"regularizer": "norm"}, "use kl, mmd, stein or adversarial"),
        ({"regularizer": "moments"}, "use kl, mmd, stein or adversarial"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(options, message):
    with pytest.raises(ValueError, match=message):
        seqvae(**options)


def test_the_mean_of_the_chain_is_refused():
    with pytest.raises(ValueError, match="no mean in closed form"):
        seqvae().encode(X, mean=True)

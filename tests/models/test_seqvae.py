"""Special cases and options of the sequential VAE."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import GVAE, SeqVAE, seeds
from tfgvae.distributions.latent_chain import LatentChain
from tfgvae.layers.corrupt import corrupt

IMAGE = (8, 8, 1)
TINY = {"latent_dim": 4, "width": 4, "dense": (6,), "kernel_size": 3}
X = seeds.batch_uniform(0, 5, IMAGE)


def seqvae(**options):
    return SeqVAE(IMAGE, **{"num_steps": 3, **TINY, **options})


def test_one_step_is_the_ladder_vae():
    ladder = {k: v for k, v in TINY.items() if k != "latent_dim"}
    vae = GVAE(
        IMAGE,
        latent_dim=4,
        family="gaussian",
        mapping={"name": "ladder", **ladder},
        inference={"name": "ladder", **ladder},
    )
    chain = seqvae(num_steps=1)
    chain._posteriors[0].set_weights(vae.inference.get_weights())
    chain._first.set_weights(vae.mapping.get_weights())
    rows = seeds.rows(3, 4)
    np.testing.assert_array_equal(
        chain.ancestral_sample(4, seed=rows), vae.ancestral_sample(4, seed=rows)
    )
    np.testing.assert_array_equal(
        chain.encode(X[:4], seed=rows)[:, 0], vae.encode(X[:4], seed=rows)
    )
    np.testing.assert_allclose(chain(X)["kl"], vae(X)["kl"], rtol=1e-6)


def test_last_column_of_the_chain_is_the_sample():
    model = seqvae()
    chain = model.sample_chain(4, seed=2)
    assert chain.shape == (4, 3, *IMAGE)
    np.testing.assert_array_equal(chain[:, -1], model.ancestral_sample(4, seed=2))


def test_steps_share_nothing_unless_told():
    assert len({id(t) for t in seqvae()._transitions}) == 2
    shared = seqvae(share=True)
    assert len(shared._transitions) == 1
    assert shared.count_params() < seqvae().count_params()


@pytest.mark.parametrize(("intermediate", "stop"), [(True, True), (True, False), (False, True)])
def test_gradient_between_steps(intermediate, stop):
    """A step's loss trains the steps before it, except with both options on."""
    model = seqvae(intermediate_reconstruction=intermediate, stop_gradient=stop)
    z = seeds.batch_normal(1, 5, (3, 4))
    with tf.GradientTape() as tape:
        last = tf.reduce_sum(model.likelihood(z, training=True))
    gradients = tape.gradient(last, model._first.trainable_variables)
    assert all(g is None for g in gradients) == (intermediate and stop)


def test_gate_moves_from_the_old_image_to_the_new():
    """A closed gate repeats x(t-1), an open one leaves nothing of it: parameters are convex."""
    model = seqvae(num_steps=2)
    z = seeds.batch_normal(1, 5, (2, 4))
    gate = model._transitions[0]._gate
    gate.kernel.assign(tf.zeros_like(gate.kernel))
    gate.bias.assign([-100.0])
    first, second = model.likelihood_chain(z)
    np.testing.assert_allclose(second, first, atol=1e-6)
    gate.bias.assign([100.0])
    first, second = model.likelihood_chain(z)
    raw, _ = model._transitions[0](z[:, 1], x=model.family.mean(first))
    np.testing.assert_allclose(second, model.family.constrain(raw), atol=1e-6)


def test_skip_connections_carry_the_last_image():
    """Without them and with the top cut off, the step cannot see x(t-1)."""
    for skip in (True, False):
        model = seqvae(num_steps=2, skip=skip)
        step, z = model._transitions[0], seeds.batch_normal(1, 5, (4,))
        kernel = step._top_in.layer.kernel
        group = step.latent_groups[-1]
        kernel.assign(tf.concat([kernel[:group], tf.zeros_like(kernel[group:])], 0))
        one, two = step(z, x=X)[0], step(z, x=1 - X)[0]
        assert np.allclose(one, two) != skip


def test_label_reaches_the_image():
    model = seqvae(num_classes=3)
    z = seeds.batch_normal(1, 2, (3, 4))
    one = model.decode(z, seed=0, label=[0, 1], mean=True)
    two = model.decode(z, seed=0, label=[0, 2], mean=True)
    np.testing.assert_array_equal(one[0], two[0])
    assert not np.array_equal(one[1], two[1])


def test_single_has_the_total_latent_size():
    model = seqvae(single=True, latent_groups=(1, 3))
    assert model.latent_shape == (1, 12) and model._groups == (3, 9)


def test_latent_chain_is_a_distribution():
    """log p(z) = sum_t log p(z_t | z_{t-1}), draws have the same law as their conditionals."""

    def step(z):
        return 0.8 * z + 0.1, 0.6 + 0 * z

    chain = LatentChain([step, step], (3, 2))
    noise = seeds.batch_normal(0, 4000, (3, 2))
    z = chain.from_noise(noise)
    q = chain.conditionals(z)
    np.testing.assert_allclose((z - q.mean()) / q.stddev(), noise, atol=1e-5)
    np.testing.assert_allclose(chain.log_prob(z), q.log_prob(z), rtol=1e-5)
    # Var z_3 = 0.64 (0.64 + 0.36) + 0.36 = 1, mean 0.1 + 0.08 = 0.18; 5 standard errors.
    last = z[:, 2].numpy()
    assert abs(last.mean() - 0.18) < 5 / np.sqrt(last.size)
    assert abs(last.var() - 1) < 5 * np.sqrt(2 / last.size)


def test_latent_prediction_starts_as_the_standard_normal_and_learns():
    model = seqvae(latent_prediction=True, prediction_dense=(6,))
    noise = seeds.batch_normal(0, 4, (3, 4))
    np.testing.assert_allclose(model.prior_from_noise(noise), noise, atol=1e-5)
    plain = seqvae()
    for ours, theirs in zip(plain._posteriors, model._posteriors, strict=True):
        theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(model(X)["kl"], plain(X)["kl"], rtol=1e-4)


def test_corruption_has_the_stated_law():
    x = tf.fill([50, 16, 16, 3], 0.5)
    y = corrupt(x, 0, salt_and_pepper=0.1, stddev=0.0).numpy()
    black, white = (y == 0).all(-1), (y == 1).all(-1)
    n = black.size
    for share in (black.mean(), white.mean()):
        assert abs(share - 0.05) < 5 * np.sqrt(0.05 * 0.95 / n)
    assert np.all(black | white | (y == 0.5).all(-1))
    noisy = corrupt(x, 0, salt_and_pepper=0.0, stddev=0.1).numpy()
    assert abs(noisy.std() - 0.1) < 5 * 0.1 * np.sqrt(1 / (2 * noisy.size)) + 1e-4
    assert noisy.min() >= 0 and noisy.max() <= 1


def test_denoising_corrupts_in_training_only():
    model = seqvae(denoise=True, num_steps=1)
    clean = seqvae(num_steps=1)
    np.testing.assert_array_equal(model(X)["kl"], clean(X)["kl"])
    assert not np.allclose(model(X, training=True)["kl"], clean(X, training=True)["kl"])


def test_two_evaluations_agree_and_batches_have_their_own_noise():
    model = seqvae(num_steps=1)
    model.compile(keras.optimizers.SGD(), jit_compile=False)
    twice = tf.concat([X, X], 0)
    one = model.evaluate(twice, batch_size=5, verbose=0, return_dict=True)
    assert model.evaluate(twice, batch_size=5, verbose=0, return_dict=True) == one
    first = model.evaluate(X, batch_size=5, verbose=0, return_dict=True)
    assert first["nll"] != one["nll"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_steps": 0}, "num_steps must be an integer >= 1"),
        ({"latent_dim": 1}, "latent_dim must be >= 2"),
        ({"latent_groups": (1, 2)}, "add up to latent_dim = 4"),
        ({"combine": "mul"}, "unknown combine 'mul'; known: add, concat, gated_add"),
        ({"norm": "spectral"}, "unknown norm 'spectral'"),
        ({"family": "poisson"}, "unknown family 'poisson'; known: bernoulli"),
        ({"family": "pixelcnn"}, "the family PixelCNN has no mean in closed form"),
        ({"family": "pixelcnn", "single": True}, "use GVAE"),
        ({"regularizer": {"name": "kl", "kernel": "imq"}}, "takes no kernel"),
        ({"dense": (3, 3)}, "one dense layer"),
        ({"num_steps": 1.5, "single": True}, "num_steps must be an integer >= 1, got 1.5"),
        ({"latent_dim": 4.0}, "latent_dim must be an integer"),
        ({"width": 4.0}, "width must be an integer"),
        ({"kernel_size": True}, "kernel_size must be an integer"),
        ({"num_classes": 2.0}, "num_classes must be an integer"),
        ({"salt_and_pepper": 1.5}, "salt_and_pepper must be from 0 to 1, got 1.5"),
        ({"noise_stddev": -0.1}, "noise_stddev must be finite and >= 0, got -0.1"),
        ({"skip": 1}, "skip must be True or False, got 1"),
        ({"denoise": "no"}, "denoise must be True or False, got 'no'"),
        ({"seed": 1.7}, "seed must be an integer"),
        ({"seed": True}, "seed must be an integer"),
        ({"seed": 2**63}, "seed must be an integer"),
        (
            {"latent_prediction": True, "regularizer": {"name": "kl", "free_bits": 0.1}},
            "latent_prediction has none: use one of the two",
        ),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        seqvae(**options)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((7, 8, 1), "from 8 to 512"), ((8, 8, 5000), "channels must"), ((8, 8), "height, width")],
)
def test_bad_image_shapes(shape, message):
    with pytest.raises(ValueError, match=message):
        SeqVAE(shape, **TINY)

"""Eq. 3: with q(z|x) = p(z) every z gets the one member of P that fits the data best."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import GVAE, Marginal, seeds

IMAGE = (8, 8, 1)
X = tf.round(seeds.batch_uniform(0, 60, IMAGE))
STEPS = 400


def trained(model):
    rate = keras.optimizers.schedules.CosineDecay(0.1, STEPS)
    model.compile(keras.optimizers.Adam(rate), jit_compile=False)
    # Every image with 20 draws of z in a step: the noise of the last steps is what W ends with.
    rows = tf.repeat(X, 20, axis=0)
    model.fit(tf.data.Dataset.from_tensors(rows).repeat(STEPS), verbose=0, shuffle=False)
    return model


def naive(family):
    """f is affine, so that the loss is convex in it."""
    return GVAE(
        IMAGE,
        latent_dim=3,
        family=family,
        mapping={"name": "mlp", "dense": ()},
        inference="naive",
        regularizer="none",
    )


def optimum(family):
    """The loss of the best member of P, in closed form."""
    mean = X.numpy().astype(np.float64).mean(0)
    if family == "gaussian":  # (x - mu)^2 summed, N(mu, I / 2)
        return (mean * (1 - mean)).sum() + mean.size / 2 * np.log(np.pi)
    return -(mean * np.log(mean) + (1 - mean) * np.log1p(-mean)).sum()


@pytest.mark.parametrize("family", ["bernoulli", pytest.param("gaussian", marks=pytest.mark.slow)])
def test_training_collapses_to_the_best_member(family):
    model, best = trained(naive(family)), optimum(family)
    nll = model(X)["nll"].numpy().mean()
    assert nll == pytest.approx(best, abs=0.01)
    assert nll == pytest.approx(trained(Marginal(IMAGE, family))(X)["nll"].numpy().mean(), abs=0.01)
    images = model.ancestral_sample(100, seed=0, mean=True).numpy()
    # An excess of 0.01 nats over 64 pixels lets a mean move by sqrt(0.01 / 64 / 4) at most, and the
    # draws of z by some four times that.
    np.testing.assert_allclose(images, np.broadcast_to(X.numpy().mean(0), images.shape), atol=0.03)
    assert images.std(0).max() < 0.01


def test_the_bound_knows_nothing_of_the_image():
    model = naive("bernoulli")
    q = model.posterior(X[:2])
    np.testing.assert_array_equal(
        q.log_prob(tf.ones([2, 3])), [model.prior().log_prob([1.0] * 3)] * 2
    )
    np.testing.assert_array_equal(model.encode(X[:5], seed=1), model.encode(1 - X[:5], seed=1))
    terms = model(X)
    assert not terms["kl"].numpy().any()
    np.testing.assert_array_equal(terms["elbo"], -terms["nll"])

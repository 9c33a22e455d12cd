"""The model without a latent: closed forms, exact likelihoods, draws without an input image."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import Marginal, seeds

IMAGE = (8, 8, 1)
PIXELCNN = {"name": "pixelcnn", "num_blocks": 1, "filters": 6, "features": 4}
LABELS = np.arange(60) % 3
X = tf.round(seeds.batch_uniform(0, 60, IMAGE))


def test_the_best_member_has_the_pixel_frequencies_of_each_class():
    """Adam comes to theta_y = logit of the frequencies: mean nll = the sum of their entropies."""
    model = Marginal(IMAGE, num_classes=3)
    model.compile(keras.optimizers.Adam(0.2), jit_compile=False)
    batch = {"image": X, "label": LABELS}
    model.fit(tf.data.Dataset.from_tensors(batch).repeat(200), verbose=0, shuffle=False)
    frequencies = np.stack([X.numpy()[y == LABELS].mean(0) for y in range(3)])
    # No frequency of 20 fair coins is near 0 or 1, so that the logits converge.
    assert frequencies.min() > 0 and frequencies.max() < 1
    entropies = -(frequencies * np.log(frequencies) + (1 - frequencies) * np.log1p(-frequencies))
    optimum = entropies.sum(axis=(1, 2, 3)).mean()
    assert model(batch)["nll"].numpy().mean() == pytest.approx(optimum, abs=1e-3)
    np.testing.assert_allclose(tf.sigmoid(model.theta), frequencies, atol=1e-3)
    mean = model.ancestral_sample(3, label=[0, 1, 2], mean=True)
    np.testing.assert_allclose(mean, frequencies, atol=1e-3)


@pytest.mark.parametrize("family", ["gaussian", PIXELCNN])
def test_the_likelihood_is_exact_and_needs_one_draw(family):
    model = Marginal(IMAGE, family)
    terms = model(X)
    for num_samples in (1, 64):
        exact = model.log_likelihood(X, num_samples, seed=num_samples)
        np.testing.assert_allclose(exact, terms["elbo"], rtol=1e-6)
    assert not terms["kl"].numpy().any() and not terms["penalty"].numpy().any()


def test_there_is_no_latent_and_no_image_in_a_draw():
    model = Marginal(IMAGE, PIXELCNN)
    z = model.encode(X[:4], seed=1)
    assert z.shape == (4, 0)
    drawn = model.ancestral_sample(4, seed=1)
    np.testing.assert_array_equal(model.decode(z, seed=1), drawn)
    for x in (X[:4], 1 - X[:4]):
        np.testing.assert_array_equal(model.reconstruct(x, seed=1), drawn)


@pytest.mark.parametrize("num_classes", [0, 3])
def test_the_first_gradient_reaches_every_weight(num_classes):
    model = Marginal(IMAGE, PIXELCNN, num_classes=num_classes)
    with tf.GradientTape() as tape:
        model({"image": X, "label": LABELS}, training=True)
        loss = tf.add_n(model.losses)
    weights = model.trainable_variables
    assert any(weight is model.theta for weight in weights)
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0, weight.path

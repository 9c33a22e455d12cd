"""What a researcher tries first: one clear sentence, or the thing itself."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import tfgvae
from tests.conformance.tiny_models import IMAGE, batch, build, images
from tfgvae import seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.estimators.estimate import Estimate


@pytest.fixture(scope="module")
def model():
    made = build("gvae")
    made.compile(keras.optimizers.SGD(1e-3))
    return made


X = np.zeros([4, *IMAGE], np.float32)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full_like(X, 255.0), r"expected pixels in \[0, 1\]"),
        (2 * X - 1, r"expected pixels in \[0, 1\]"),
        (X + np.nan, r"expected pixels in \[0, 1\]"),
        (X.astype(np.uint8), "got uint8: divide by 255"),
        (X[:, :4], r"expected images \[B, \*\(8, 8, 1\)\]"),
        ({"picture": X}, "expected a dict with 'image'"),
        (tf.data.Dataset.from_tensors(X.astype(np.uint8)), "got uint8: divide by 255"),
        (tf.data.Dataset.from_tensors({"label": [1]}), "expected a dict with 'image'"),
        (tf.data.Dataset.from_tensors((X[:, :4], X)), r"expected images \[B"),
    ],
)
def test_fit_says_what_is_wrong_before_the_graph_is_built(model, x, message):
    with pytest.raises(ValueError, match=message) as error:
        model.fit(x, verbose=0, shuffle=False)
    assert "\n" not in str(error.value)


def test_a_loss_is_refused():
    made = build("gvae")
    made.compile("adam", loss="mse")
    with pytest.raises(ValueError, match="the model has its own loss"):
        made.fit(X, verbose=0)


def test_a_number_starts_so_many_chains(model):
    found = model.gibbs_sample(5, num_steps=2, seed=3)
    np.testing.assert_array_equal(found, model.gibbs_sample(num_samples=5, num_steps=2, seed=3))


def test_the_mean_of_the_code(model):
    x = images(batch(model))
    np.testing.assert_allclose(model.encode(x, mean=True), model.posterior(x).mean(), rtol=1e-5)
    with pytest.raises(ValueError, match="no mean in closed form"):
        build("gvae-flow").encode(x, mean=True)


@pytest.mark.parametrize("x", [2 * images(batch(build("gvae-none"))) - 2, X + 4.0])
def test_a_density_warns_once_of_another_scale(x):
    """Its own draws, which lie outside [0, 1] too, are no reason to warn."""
    density = build("gvae-none")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        density.log_likelihood(density.ancestral_sample(8, seed=0), 2, seed=0)
    with pytest.warns(UserWarning, match="the mean pixel of this batch is"):
        density.log_likelihood(x, 2, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        density.encode(x, seed=0)


def test_an_estimate_is_a_number():
    assert float(Estimate(2.5)) == 2.5


def test_the_version_is_that_of_the_installation():
    import importlib.metadata

    assert tfgvae.__version__ == importlib.metadata.version("tfgvae")


NOISE = seeds.batch_normal(0, 20000, (2,))


@pytest.mark.parametrize(
    "law",
    [
        tfd.Laplace([0.0, 1.0], [1.0, 2.0]),
        tfd.Logistic([0.0, 1.0], [1.0, 2.0]),
        tfd.StudentT(5.0, [0.0, 1.0], 1.0),
        tfd.Normal([0.0, 1.0], [1.0, 2.0]),
        tfd.LogNormal([0.0, 1.0], [1.0, 0.5]),
    ],
    ids=lambda law: type(law).__name__,
)
def test_a_draw_from_noise_follows_its_own_law(law):
    """Phi(noise) of the draw's own cdf: the share below each quantile, by its binomial error."""
    try:
        z = from_noise(tfd.Independent(law, 1), NOISE)
    except TypeError as error:
        assert "cannot be made from noise" in str(error) and isinstance(law, tfd.StudentT)
        return
    u = law.cdf(z).numpy()
    for level in (0.1, 0.5, 0.9):
        share = (u < level).mean(axis=0)
        assert (abs(share - level) < 5 * np.sqrt(level * (1 - level) / len(u))).all()


def test_a_law_without_a_way_from_noise_is_refused():
    with pytest.raises(TypeError, match="a draw from Dirichlet cannot be made from noise"):
        from_noise(tfd.Dirichlet([1.0, 2.0]), NOISE)

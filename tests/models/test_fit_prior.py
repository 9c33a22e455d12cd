"""A prior fitted to the codes of a trained model (Prop. 3)."""

import keras
import numpy as np
import pytest
import scipy.stats

from tests.estimators import linear_gaussian as lg
from tfgvae import GVAE, SeqVAE
from tfgvae.models import Marginal
from tfgvae.priors import Flow, Mixture, fitting
from tfgvae.regularizers.none import is_untied

GAIN = np.array([[3.0], [0.8]]) * lg.GAIN
OFFSET = np.array([5.0, -2.0])
STDDEV = 0.3
# q(z) = N(G (b - b) + o', G Sigma G' + t^2), far from N(0, I).
MEAN = OFFSET + GAIN @ lg.B
COVARIANCE = GAIN @ lg.COVARIANCE @ GAIN.T + STDDEV**2 * np.eye(2)


def model():
    return lg.build(gain=GAIN, offset=OFFSET, stddev=STDDEV)


def entropy():
    return scipy.stats.multivariate_normal(MEAN, COVARIANCE).entropy()


@pytest.mark.parametrize(
    ("prior", "options", "slack"),
    [
        ("mixture", {"components": 1}, 0.01),
        ("mixture", {"components": 1, "covariance": "diag"}, 0.3),
        ("flow", {"transforms": 2, "hidden": (16,), "steps": 300}, 0.1),
    ],
)
def test_the_prior_is_the_law_of_the_codes(prior, options, slack):
    """log p(z) of held-out codes has the mean -H(q(z)), the largest possible, up to the fit."""
    made = model()
    found = made.fit_prior(lg.draws(2000, seed=0), prior, **options)
    assert abs(found.value + entropy()) < 5 * found.standard_error + slack
    z = made.prior_from_noise(np.random.default_rng(1).normal(size=(4000, 2)).astype(np.float32))
    z = z.numpy()
    errors = np.sqrt(np.diag(COVARIANCE) / 2000)
    assert (np.abs(z.mean(0) - MEAN) < 6 * errors).all()
    ratio = z.var(0) / np.diag(COVARIANCE)
    assert (np.abs(ratio - 1) < 6 * np.sqrt(2 / 2000) + 0.1).all()


def test_one_component_has_the_moments_of_the_codes():
    made, x = model(), lg.draws(400, seed=0)
    from tfgvae import seeds

    z = made.encode(x, seeds.rows(3, 400)).numpy()
    kept = z[np.arange(400) % 10 != 0]
    made.fit_prior(x, components=1, seed=3)
    prior = made.prior()
    np.testing.assert_allclose(prior.mean(), kept.mean(0), rtol=1e-4)
    np.testing.assert_allclose(prior.variance(), kept.var(0), rtol=1e-3)


@pytest.mark.parametrize(
    ("prior", "options"),
    [
        ("mixture", {"components": 2}),
        pytest.param("flow", {"steps": 2, "hidden": (4,)}, marks=pytest.mark.slow),
    ],
)
def test_samplers_and_files_use_it(prior, options, tmp_path):
    made, x = model(), lg.draws(100, seed=0)
    before = made.ancestral_sample(4, seed=1).numpy(), made.log_likelihood(x[:3], 5, seed=1)
    made.fit_prior(x, prior, **options)
    assert isinstance(made.latent_prior, {"mixture": Mixture, "flow": Flow}[prior])
    assert not made.latent_prior.trainable_variables
    after = made.ancestral_sample(4, seed=1).numpy(), made.log_likelihood(x[:3], 5, seed=1)
    for old, new in zip(before, after, strict=True):
        assert np.abs(old - new).max() > 1e-3
    # The first prior is gone from the model.
    assert sum("prior" in layer.name for layer in made._flatten_layers()) <= 1
    made.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.ancestral_sample(4, seed=1), after[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(again.log_likelihood(x[:3], 5, seed=1), after[1], rtol=1e-4)
    assert not again.latent_prior.trainable_variables


def test_training_can_go_on_and_leaves_the_prior_alone():
    made, x = model(), lg.draws(64, seed=0)
    made.compile(keras.optimizers.Adam(1e-3))
    made.fit(x, epochs=1, verbose=0)
    made.fit_prior(x, components=2)
    kept = [weight.numpy() for weight in made.latent_prior.weights]
    before = made.mapping.get_weights()[0]
    made.fit(x, epochs=1, verbose=0)
    for weight, old in zip(made.latent_prior.weights, kept, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert np.abs(made.mapping.get_weights()[0] - before).max() > 0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"prior": "other"}, ValueError, "unknown fitted prior 'other'; known: flow, mixture"),
        ({"components": 1000}, ValueError, "components must be an integer"),
        ({"covariance": "round"}, ValueError, "covariance"),
        ({"width": 3}, TypeError, "width"),
        ({"prior": "flow", "steps": 0}, ValueError, "steps"),
    ],
)
def test_wrong_options_are_refused_and_nothing_changes(options, error, message):
    made = model()
    kept = made.latent_prior
    with pytest.raises(error, match=message):
        made.fit_prior(lg.draws(50, seed=0), **options)
    assert made.latent_prior is kept


def test_few_images_and_regularizers_of_the_normal_prior_are_refused():
    with pytest.raises(ValueError, match="expected at least 20 images, got 5"):
        model().fit_prior(lg.draws(5, seed=0))
    moments = GVAE(lg.IMAGE, 2, regularizer="moments")
    with pytest.raises(ValueError, match="compares q\\(z\\) with N\\(0, I\\)"):
        moments.fit_prior(lg.draws(50, seed=0))


def noise(count, latent_dim):
    return np.random.default_rng(0).normal(size=(count, latent_dim)).astype(np.float32)


@pytest.mark.parametrize(
    ("count", "components", "covariance"),
    [(20, 1, "diag"), (100, 3, "full"), (1000, 30, "full")],
)
def test_the_components_are_as_many_as_the_codes_determine(count, components, covariance):
    """90 % of the codes are fitted, and a component needs 5 (Z + 3) of them: here 25."""
    prior, density = fitting.fit(noise(count, 2), lg.IMAGE, "mixture", seed=0)
    assert (prior.components, prior.covariance) == (components, covariance)
    assert np.isfinite(density).all()


def test_few_codes_do_not_break_the_prior():
    """Held-out codes of N(0, I) cost at most a nat for each latent more than their entropy."""
    latent_dim = 16
    entropy = latent_dim * (1 + np.log(2 * np.pi)) / 2
    for count in (40, 200, 1000):
        _, density = fitting.fit(noise(count, latent_dim), lg.IMAGE, "mixture", seed=0)
        error = density.std() / np.sqrt(len(density))
        assert density.mean() > -entropy - latent_dim - 5 * error


def test_codes_that_are_close_to_each_other_have_a_narrow_prior():
    z = 1e-4 * noise(2000, 2)
    _, density = fitting.fit(z, lg.IMAGE, "mixture", seed=0, components=1)
    entropy = 2 * (1 + np.log(2 * np.pi)) / 2 + 2 * np.log(1e-4)
    assert abs(density.mean() + entropy) < 5 * density.std() / np.sqrt(len(density)) + 0.01


def test_models_with_other_latents_say_so():
    steps = SeqVAE((8, 8, 1), 2, 3, width=4, dense=(6,))
    with pytest.raises(ValueError, match="the z of this model is a chain of steps"):
        steps.fit_prior(np.zeros((20, 8, 8, 1), np.float32))
    with pytest.raises(ValueError, match="has no latents"):
        Marginal((8, 8, 1)).fit_prior(np.zeros((20, 8, 8, 1), np.float32))


def test_an_option_of_the_other_prior_is_refused():
    with pytest.raises(TypeError, match=r"'flow' takes no components; it takes: \['transforms'"):
        model().fit_prior(lg.draws(30, seed=0), "flow", components=3)


def test_a_fitted_prior_is_tied_to_the_codes():
    """Then the note that ancestral samples do not follow the data is wrong."""
    made = GVAE(lg.IMAGE, 2, regularizer="none", mapping="mlp")
    assert is_untied(made)
    made.fit_prior(np.random.default_rng(0).uniform(size=(100, *lg.IMAGE)).astype(np.float32))
    assert not is_untied(made)

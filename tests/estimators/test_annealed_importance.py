"""AIS and BDMC: unbiased weights either way, closed forms, quadrature; HMC's invariance."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

from tests.estimators import linear_gaussian as lg
from tfgvae import GVAE, Marginal, SeqVAE, seeds
from tfgvae.estimators import annealing, hamiltonian
from tfgvae.estimators.annealed_importance import _Path, annealed_importance, bdmc

tfd = tfp.distributions
ENTROPY = 0.5 * np.linalg.slogdet(2 * math.pi * math.e * lg.COVARIANCE)[1]


def test_the_schedule_is_the_sigmoid_of_wu_et_al():
    t = np.linspace(-4, 4, 11)
    low, high = scipy.special.expit([-4, 4])
    expected = (scipy.special.expit(t) - low) / (high - low)
    np.testing.assert_allclose(annealing.schedule(10), expected, atol=1e-7)
    np.testing.assert_array_equal(annealing.schedule(1), [0, 1])


def gaussian_path(z):
    """From N(0, 1) to N(0, 1) N(z; m, s^2), in two dimensions."""
    base = tfd.Independent(tfd.Normal([0.0, 0.0], 1.0), 1)
    ratio = tfd.Independent(tfd.Normal([1.0, -2.0], [0.5, 0.2]), 1)
    return base.log_prob(z), ratio.log_prob(z)


@pytest.mark.parametrize("step_size", [0.2, 0.45])
def test_a_transition_leaves_its_density_invariant(step_size):
    """Draws from f_b stay draws from f_b, also with a step so long that many are refused."""
    n, beta = 4000, 0.3
    precision = 1 + beta / np.array([0.25, 0.04])
    mean, stddev = beta * np.array([1.0, -2.0]) / [0.25, 0.04] / precision, precision**-0.5
    rng = np.random.default_rng(0)
    z = tf.constant(mean + stddev * rng.normal(size=[n, 2]), tf.float32)
    point, accepted = hamiltonian.evaluate(gaussian_path, z), []
    for _ in range(3):
        momentum = tf.constant(rng.normal(size=[n, 2]), tf.float32)
        uniform = tf.constant(rng.uniform(size=n), tf.float32)
        sizes = tf.fill([n], step_size)
        point, acceptance = hamiltonian.transition(
            gaussian_path, point, beta, sizes, momentum, uniform, 5
        )
        accepted.append(acceptance.numpy().mean())
    standard = (point.z.numpy() - mean) / stddev
    assert np.abs(standard.mean(0)).max() < 5 / math.sqrt(n)
    assert np.abs(standard.var(0) - 1).max() < 5 * math.sqrt(2 / n)
    assert abs(np.mean(standard[:, 0] * standard[:, 1])) < 5 / math.sqrt(n)
    assert (np.mean(accepted) < 0.95) == (step_size > 0.3)
    # Log-density and gradient belong to the state: to the proposal, or to the old state.
    for known, fresh in zip(point, hamiltonian.evaluate(gaussian_path, point.z), strict=True):
        np.testing.assert_allclose(known, fresh, rtol=1e-5, atol=1e-5)


def test_a_density_without_a_gradient_is_refused():
    def steps(z):
        return gaussian_path(z)[0], tf.reduce_sum(tf.stop_gradient(z), axis=1)

    with pytest.raises(ValueError, match="gradient of log p"):
        hamiltonian.evaluate(steps, tf.zeros([3, 2]))


def test_the_acceptance_is_that_of_the_energy_by_hand():
    """One leapfrog step on a quadratic: positions, momenta and energies in numpy."""
    z, p, step, beta = np.array([0.3, -1.0]), np.array([0.5, 1.2]), 0.25, 0.6

    def force(z):
        return -z - beta * (z - [1.0, -2.0]) / [0.25, 0.04]

    def log_density(z):
        normal = scipy.stats.norm
        return normal.logpdf(z).sum() + beta * normal([1.0, -2.0], [0.5, 0.2]).logpdf(z).sum()

    half = p + step / 2 * force(z)
    new = z + step * half
    end = half + step / 2 * force(new)
    gain = log_density(new) - log_density(z) + (p @ p - end @ end) / 2
    point = hamiltonian.evaluate(gaussian_path, tf.constant(z[None], tf.float32))
    arguments = tf.constant([step], tf.float32), tf.constant(p[None], tf.float32), tf.zeros([1])
    moved, acceptance = hamiltonian.transition(gaussian_path, point, beta, *arguments, 1)
    np.testing.assert_allclose(acceptance, [min(1, math.exp(gain))], rtol=1e-4)
    np.testing.assert_allclose(moved.z, new[None], rtol=1e-5)


@pytest.fixture(scope="module")
def model():
    return lg.build()


@pytest.mark.slow
def test_forward_weights_are_unbiased(model):
    """E w = p(x) for any number of temperatures: 400 chains at one image (Neal 2001)."""
    x = np.repeat(lg.draws(1, seed=1), 400, 0)
    log_p = lg.log_p(x[:1])[0]
    for num_temperatures in (8, 40):
        found = annealed_importance(model, x, 1, num_temperatures, seed=2, batch_size=400)
        weights = np.exp(found.log_likelihood - log_p)
        assert abs(weights.mean() - 1) < 5 * weights.std() / 20
        assert found.estimate.value < log_p + 5 * found.estimate.standard_error
    assert weights.std() < 1.5
    assert abs(found.acceptance.mean() - annealing.TARGET) < 0.2


@pytest.mark.slow
def test_backward_weights_are_unbiased(model):
    """E 1/w = 1/p(x) from exact draws of the posterior: 400 chains at one image."""
    x = np.repeat(lg.draws(1, seed=1), 400, 0)
    flat, rng = x.reshape(400, -1), np.random.default_rng(3)
    z = (flat - lg.B) @ lg.GAIN.T + lg.PRECISION**-0.5 * rng.normal(size=[400, lg.Z])
    path = _Path(model, 1, 40, 10, "prior")
    batch = tf.constant(x), tf.zeros(400, tf.int32), seeds.rows(5, 400)
    log_w, _ = path.backward(*batch, path.step_sizes(*batch), tf.constant(z, tf.float32))
    weights = np.exp(lg.log_p(x[:1]) - log_w[:, 0])
    assert abs(weights.mean() - 1) < 5 * weights.std() / 20
    assert weights.std() < 1.5


def test_bdmc_brackets_the_closed_form_and_the_gap_shrinks(model):
    """E log p(x) of the model's own images is minus the entropy of N(b, A A' + s^2 I)."""
    coarse, fine = (bdmc(model, 60, 4, t, seed=1, batch_size=60) for t in (4, 60))
    for found in (coarse, fine):
        assert found.lower.value - 5 * found.lower.standard_error < -ENTROPY
        assert found.upper.value + 5 * found.upper.standard_error > -ENTROPY
        difference = found.upper.value - found.lower.value
        np.testing.assert_allclose(found.gap.value, difference, atol=1e-6)
        assert found.gap.value > -5 * found.gap.standard_error
    error = math.hypot(coarse.gap.standard_error, fine.gap.standard_error)
    assert fine.gap.value + 5 * error < coarse.gap.value
    assert fine.gap.value < 0.5
    kinds = [part.kind for part in (fine.lower, fine.upper, fine.gap)]
    assert kinds == ["lower bound", "upper bound", "upper bound"]


@pytest.mark.parametrize("num_temperatures", [1, 5])
def test_from_the_exact_posterior_any_path_is_exact(model, num_temperatures):
    x = lg.draws(6, seed=3)
    found = annealed_importance(model, x, 3, num_temperatures, seed=0, start="posterior")
    np.testing.assert_allclose(found.log_likelihood, lg.log_p(x), atol=2e-2)
    np.testing.assert_allclose(found.effective_sample_size, 3, rtol=1e-3)


def test_one_temperature_is_importance_sampling(model):
    """log w = log p(x|z), z ~ p(z), for the draws of `draw_start`."""
    x, rows = lg.draws(4, seed=3), seeds.rows(7, 4)
    found = annealed_importance(model, x, 5, 1, seed=7)
    none = tf.zeros(4, tf.int32)
    z = annealing.draw_start(model, x, none, seeds.fold_in(rows, 1), 5, "prior")
    flat = tf.reshape(z, [20, lg.Z])
    repeated = np.repeat(x, 5, 0)
    log_w = np.reshape(model.family.log_prob(repeated, model.likelihood(flat)), [4, 5])
    expected = scipy.special.logsumexp(log_w.astype(np.float64), axis=1) - math.log(5)
    np.testing.assert_allclose(found.log_likelihood, expected, rtol=1e-5)


@pytest.mark.slow
def test_a_nonlinear_model_agrees_with_quadrature():
    """Bernoulli pixels, a network for f, an untrained q: log p(x) on a grid of z [2]."""
    mapping = {"name": "mlp", "dense": (8,)}
    inference = {"name": "gaussian", "trunk": "mlp", "dense": ()}
    net = GVAE(lg.IMAGE, 2, mapping=mapping, inference=inference)
    net.mapping.set_weights([2 * w for w in net.mapping.get_weights()])
    x = net.ancestral_sample(3, seed=0)
    line, step = np.linspace(-6, 6, 121, retstep=True, dtype=np.float32)
    grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    params, log_prior = net.likelihood(grid), net.prior().log_prob(grid).numpy()
    exact = [
        scipy.special.logsumexp(net.family.log_prob(image[None], params).numpy() + log_prior)
        + 2 * math.log(step)
        for image in x
    ]
    for start in annealing.STARTS:
        found = annealed_importance(net, np.repeat(x, 40, 0), 1, 80, 0, start=start, batch_size=120)
        weights = np.exp(found.log_likelihood.reshape(3, 40) - np.array(exact)[:, None])
        error = weights.std(axis=1, ddof=1) / math.sqrt(40)
        assert (np.abs(weights.mean(1) - 1) < 5 * error + 1e-3).all(), start
        assert (error < 0.3).all()  # An error in the weights would show.


def test_rows_do_not_depend_on_their_batch(model):
    x, rows = lg.draws(5, seed=3), seeds.rows(7, 5)
    whole = annealed_importance(model, x, 2, 6, rows)
    parts = annealed_importance(model, x, 2, 6, rows, batch_size=2)
    np.testing.assert_allclose(parts.log_likelihood, whole.log_likelihood, rtol=1e-3)
    other = annealed_importance(model, x, 2, 6, seed=8)
    assert not np.array_equal(other.log_likelihood, whole.log_likelihood)


@pytest.mark.slow
def test_chains_of_latents_and_labels():
    chain = SeqVAE(
        lg.IMAGE, 2, 4, width=4, dense=(6,), kernel_size=3, latent_prediction=True, num_classes=3
    )
    calls, label = [], [0, 1, 2]
    found = bdmc(chain, 3, 2, 2, 0, label, 1, batch_size=2, progress=lambda *n: calls.append(n))
    assert np.isfinite([found.lower.value, found.upper.value]).all() and calls == [(2, 3), (3, 3)]


def test_what_cannot_be_annealed_is_refused(model, monkeypatch):
    x = lg.draws(2, seed=0)
    for arguments, message in (
        ({"num_chains": 0}, "num_chains"),
        ({"num_temperatures": 0}, "num_temperatures"),
        ({"num_leapfrog": 0}, "num_leapfrog"),
        ({"start": "data"}, "start must be one of prior, posterior"),
        ({"images": x[:0]}, "at least 1 images"),
        ({"label": [0, 1]}, "no classes"),
    ):
        with pytest.raises(ValueError, match=message):
            annealed_importance(**{"model": model, "images": x, **arguments})
    with pytest.raises(ValueError, match="num_images"):
        bdmc(model, 0)
    with pytest.raises(ValueError, match="no latents"):
        bdmc(Marginal(lg.IMAGE))
    one_hot = tfd.OneHotCategorical(logits=[0.0, 0.0], dtype=tf.float32)
    monkeypatch.setattr(model, "prior", lambda: one_hot)
    with pytest.raises(ValueError, match="OneHotCategorical has none: use importance_weighted"):
        annealed_importance(model, x)

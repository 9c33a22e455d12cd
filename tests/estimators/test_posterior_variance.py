"""sum_i Var_q(x|z)[x_i]: enumeration of finite data, the linear-Gaussian closed form."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow_probability as tfp

from tests.estimators import linear_gaussian as lg
from tfgvae import SeqVAE, seeds
from tfgvae.estimators.posterior_variance import posterior_variance

tfd = tfp.distributions


def enumerated(model, x, z):
    """Weights [L, N] of every image, by scipy."""
    q = model.posterior(x).distribution
    log_q = scipy.stats.norm(q.loc, q.scale).logpdf(np.asarray(z)[:, None]).sum(-1)
    return scipy.special.softmax(log_q.astype(np.float64), axis=1)


def test_it_is_the_enumeration_of_a_finite_data_set_in_any_batches():
    model, x = lg.build(), lg.draws(40, seed=0)
    z = np.random.default_rng(1).normal(size=[9, lg.Z]).astype(np.float32)
    weights, flat = enumerated(model, x, z), x.reshape(40, -1).astype(np.float64)
    mean = weights @ flat
    distances = ((flat - mean[:, None]) ** 2).sum(-1)  # [L, N]
    total = (weights * distances).sum(1)
    error = np.sqrt((weights**2 * (distances - total[:, None]) ** 2).sum(1))
    for batch_size in (7, 1000):
        found = posterior_variance(model, x, z, batch_size)
        np.testing.assert_allclose(found.total, total, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.standard_error, error, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found.mean.reshape(9, -1), mean, atol=1e-5)
        sizes = 1 / (weights**2).sum(1)
        np.testing.assert_allclose(found.effective_sample_size, sizes, rtol=1e-4)


def test_a_code_far_from_all_has_its_nearest_image_alone():
    """Weights of exp(-10^6) and less are compared, not lost."""
    model, x = lg.build(stddev=0.002), lg.draws(20, seed=0)
    z = model.posterior(x).mean().numpy() + 0.1 * np.array([1, 0], np.float32)
    found = posterior_variance(model, x, z, batch_size=6)
    nearest = enumerated(model, x, z).argmax(1)
    np.testing.assert_allclose(found.mean, x[nearest], atol=1e-3)
    assert (found.effective_sample_size < 1.1).all() and np.isfinite(found.standard_error).all()


def test_standard_error_covers_the_closed_form():
    """q(x|z) of x ~ N(b, Sigma), z|x ~ N(G (x - b), t^2): the Gaussian conditional."""
    gain, stddev, count = lg.GAIN, np.full(lg.Z, 0.4), 20000
    model, x = lg.build(stddev=stddev), lg.draws(count, seed=2)
    z = np.array([[0.0, 0.0], [0.5, -0.5], [-1.0, 0.3]], np.float32)
    found = posterior_variance(model, x, z)
    cross = lg.COVARIANCE @ gain.T
    slope = cross @ np.linalg.inv(gain @ cross + np.diag(stddev**2))
    exact = np.trace(lg.COVARIANCE - slope @ cross.T)
    # The variance within a weighted sample is short by 1/ESS of itself.
    bias = 2 * exact / found.effective_sample_size
    assert (np.abs(found.total - exact) < 5 * found.standard_error + bias).all()
    # A useful error bar: a few per cent of the value.
    assert (found.standard_error < 0.05 * exact).all()
    mean = (lg.B + z @ slope.T).reshape(-1, *lg.IMAGE)
    # A pixel's mean has the variance Var[x_i|z] / ESS, and no Var[x_i] is above 1.
    assert np.abs(found.mean - mean).max() < 6 / np.sqrt(found.effective_sample_size.min())


def test_another_posterior_takes_the_place_of_the_models():
    """The first step's q alone: z [L, Z] of a chain with latents [T, Z]."""
    x = seeds.batch_uniform(0, 10, lg.IMAGE)
    chain = SeqVAE(lg.IMAGE, 2, 4, width=4, dense=(6,), kernel_size=3)

    def first(images):
        q = chain.posterior(images).distribution
        return tfd.Independent(tfd.Normal(q.loc[:, 0], q.scale[:, 0]), 1)

    z = chain.encode(x, seed=0)
    assert posterior_variance(chain, x, z).total.shape == (10,)
    assert posterior_variance(chain, x, z[:3, 0], posterior=first).total.shape == (3,)


def test_a_posterior_with_bounds_shares_the_images_out():
    """q(z|x) uniform on the cell of x's class: the moments of each class, and of no class."""
    x = seeds.batch_uniform(0, 10, lg.IMAGE).numpy()
    classes = (x[:, 0, 0, 0] > np.median(x[:, 0, 0, 0])).astype(np.float32)

    def cells(images):
        label = np.array([classes[(x == image).all(axis=(1, 2, 3))][0] for image in images.numpy()])
        return tfd.Independent(tfd.Uniform(label[:, None], label[:, None] + 1), 1)

    z = np.array([[0.5], [1.5]])
    found = posterior_variance(lg.build(), x, z, batch_size=3, posterior=cells)
    for label in range(2):
        members = x[classes == label]
        np.testing.assert_allclose(found.total[label], members.var(axis=0).sum(), rtol=1e-5)
        np.testing.assert_allclose(found.mean[label], members.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.effective_sample_size, 5)
    with pytest.raises(ValueError, match=r"no image has q\(z\|x\) > 0 at latents \[1\]"):
        posterior_variance(lg.build(), x, [[0.5], [2.5]], posterior=cells)


def test_progress_and_refusals():
    model, x, calls = lg.build(), lg.draws(5, seed=0), []
    z = np.zeros([2, lg.Z], np.float32)
    posterior_variance(model, x, z, 3, lambda *done: calls.append(done))
    assert calls == [(3, 10), (5, 10), (8, 10), (10, 10)]
    for wrong, message in (
        (np.zeros([2, 3]), "expected latents"),
        (np.zeros([0, lg.Z]), "expected latents"),
        (np.full([1, lg.Z], np.nan), "finite"),
    ):
        with pytest.raises(ValueError, match=message):
            posterior_variance(model, x, wrong)
    with pytest.raises(ValueError, match="at least 1 images"):
        posterior_variance(model, x[:0], z)

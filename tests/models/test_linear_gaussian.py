"""The linear-Gaussian VAE, where everything has a closed form (Tipping and Bishop 1999).

z ~ N(0, I),  x ~ N(b + A z, s^2 I)   =>   x ~ N(b, A A' + s^2 I),
z | x ~ N(M^-1 A' (x - b) / s^2, M^-1),  M = I + A' A / s^2; diagonal for orthogonal columns.
"""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgvae import GVAE

IMAGE, D, Z, S = (8, 8, 1), 64, 2, 0.3


def linear_model(seed=0):
    return GVAE(
        IMAGE,
        latent_dim=Z,
        family={"name": "gaussian", "scale": S, "link": "identity"},
        mapping={"name": "mlp", "dense": ()},
        inference={"name": "gaussian", "trunk": "mlp", "dense": ()},
        seed=seed,
    )


@pytest.fixture(scope="module")
def exact():
    """(model with the exact posterior, A, b)."""
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(D, Z)))
    a, b = basis * [1.5, 0.7], 0.5 + 0.1 * rng.normal(size=D)
    precision = 1 + np.array([1.5, 0.7]) ** 2 / S**2
    gain = a.T / S**2 / precision[:, None]  # [Z, D]
    model = linear_model()
    model.mapping.set_weights([a.T, b])
    raw = np.log(np.expm1(precision**-0.5 - model.inference.min_stddev)) - math.log(math.e - 1)
    kernel = np.concatenate([gain.T, np.zeros((D, Z))], axis=1)
    model.inference.set_weights([kernel, np.concatenate([-gain @ b, raw])])
    return model, a, b


def draws(a, b, n, seed):
    rng = np.random.default_rng(seed)
    x = b + rng.normal(size=(n, Z)) @ a.T + S * rng.normal(size=(n, D))
    return x.reshape(n, *IMAGE).astype(np.float32)


def test_one_draw_of_the_bound_is_exact_under_the_exact_posterior(exact):
    model, a, b = exact
    x = draws(a, b, 20, seed=1)
    law = stats.multivariate_normal(b, a @ a.T + S**2 * np.eye(D))
    for num_samples in (1, 7):
        bound = model.log_likelihood(x, num_samples, seed=0)
        np.testing.assert_allclose(bound, law.logpdf(x.reshape(-1, D)), rtol=1e-4, atol=1e-2)


def test_elbo_is_log_p_in_the_mean_under_the_exact_posterior(exact):
    model, a, b = exact
    x = draws(a, b, 4, seed=2)
    law = stats.multivariate_normal(b, a @ a.T + S**2 * np.eye(D))
    n = 2000
    elbo = np.array([model(np.repeat(row[None], n, 0))["elbo"] for row in x])
    error = elbo.mean(1) - law.logpdf(x.reshape(-1, D))
    assert (np.abs(error) < 5 * elbo.std(1) / math.sqrt(n) + 1e-2).all()


def test_bound_rises_with_samples_to_log_p_under_a_wrong_posterior(exact):
    """E log-mean of K weights grows with K and stays below log p(x) (Burda et al. 2016)."""
    _, a, b = exact
    model = linear_model()
    model.mapping.set_weights([a.T, b])
    kernel = np.zeros((D, 2 * Z))
    model.inference.set_weights([kernel, np.zeros(2 * Z)])  # q(z|x) = N(0, about 1) for every x
    x = np.repeat(draws(a, 0.9 * b, 1, seed=3), 400, 0)
    law = stats.multivariate_normal(b, a @ a.T + S**2 * np.eye(D)).logpdf(x[0].ravel())
    bounds = [model.log_likelihood(x, k, seed=k).numpy() for k in (1, 8, 64)]
    errors = [v.std() / math.sqrt(len(v)) for v in bounds]
    means = [v.mean() for v in bounds]
    assert means[0] + 5 * errors[0] < means[1] and means[1] + 5 * errors[1] < means[2]
    assert means[2] - 5 * errors[2] < law


def test_gibbs_chain_has_the_closed_form_stationary_law(exact):
    """From uniform noise the chain forgets its start: mean b, covariance A A' + s^2 I."""
    model, a, b = exact
    n = 2000
    # The chain contracts the slow direction by g = 1 - 1 / precision a step: 0.845^60 < 1e-4.
    x = model.gibbs_sample(num_samples=n, num_steps=60, seed=4).numpy().reshape(n, D) - b
    for direction, scale in ((a[:, 0] / 1.5, 1.5), (a[:, 1] / 0.7, 0.7)):
        variance = scale**2 + S**2
        projection = x @ direction
        assert abs(projection.mean()) < 5 * math.sqrt(variance / n)
        assert abs(projection.var() - variance) < 5 * variance * math.sqrt(2 / n)
    rest = x - x @ a @ np.linalg.inv(a.T @ a) @ a.T
    assert abs(rest.var() * D / (D - Z) - S**2) < 5 * S**2 * math.sqrt(2 / (n * (D - Z)))


def test_ancestral_samples_have_the_marginal_law(exact):
    model, a, b = exact
    n = 4000
    x = model.ancestral_sample(n, seed=5).numpy().reshape(n, D) - b
    covariance = a @ a.T + S**2 * np.eye(D)
    # Var of an entry of a sample covariance of normals: (c_ij^2 + c_ii c_jj) / n.
    error = np.sqrt((covariance**2 + np.outer(np.diag(covariance), np.diag(covariance))) / n)
    assert (np.abs(x.T @ x / n - covariance) < 6 * error).all()


@pytest.mark.slow
def test_training_reaches_the_closed_form_optimum():
    """The best ELBO is that of probabilistic PCA with fixed noise: eigenvalues above s^2 kept."""
    rng = np.random.default_rng(6)
    basis, _ = np.linalg.qr(rng.normal(size=(D, Z)))
    x = draws(basis * [1.5, 0.7], np.full(D, 0.5), 512, seed=7)
    flat = x.reshape(-1, D)
    eigenvalues = np.linalg.eigvalsh(np.cov(flat.T, bias=True))[::-1]
    kept, rest = np.maximum(eigenvalues[:Z], S**2), eigenvalues[Z:]
    optimum = -0.5 * (
        D * math.log(2 * math.pi)
        + np.log(kept).sum()
        + (D - Z) * math.log(S**2)
        + Z
        + rest.sum() / S**2
    )
    model = linear_model(seed=1)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 1500)),
        jit_compile=False,
    )
    dataset = tf.data.Dataset.from_tensors(x).repeat(1500)
    model.fit(dataset, shuffle=False, verbose=0)
    elbo = np.mean([model(x, training=True)["elbo"].numpy().mean() for _ in range(20)])
    spread = model(x)["elbo"].numpy().std()
    assert elbo < optimum + 5 * spread / math.sqrt(20 * 512)
    # A hundredth of a nat a latent dimension is left to a finite training.
    assert elbo > optimum - 0.1

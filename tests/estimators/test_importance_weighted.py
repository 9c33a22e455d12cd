"""The streamed bound: the model's own bound, closed forms, scipy's logsumexp."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tests.estimators import linear_gaussian
from tfgvae import GVAE, Infusion, Marginal, SeqVAE, seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.estimators.log_likelihood import importance_weighted, log_weights

WRONG = {"stddev": 0.5}  # The exact posterior's is 0.2 and 0.39.
IMAGE = (8, 8, 1)
NET = {"width": 4, "dense": (6,)}
SMALL = {
    "gvae": lambda: GVAE(IMAGE, 3, mapping={"name": "conv", **NET}),
    "pixelcnn": lambda: GVAE(
        IMAGE,
        3,
        family={"name": "pixelcnn", "num_blocks": 1, "filters": 6, "features": 4},
        mapping={"name": "mlp", "dense": (6,)},
        num_classes=3,
    ),
    "flow": lambda: GVAE(
        IMAGE,
        3,
        mapping={"name": "conv", **NET},
        inference={"name": "flow", **NET},
        prior="flow",
    ),
    "infusion": lambda: Infusion(IMAGE, 2, rate=0.1, mapping={"name": "mlp", "dense": (6,)}),
    "seqvae": lambda: SeqVAE(IMAGE, 2, 4, kernel_size=3, latent_prediction=True, **NET),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in ("flow", "infusion") else ()) for n in SMALL],
)
def test_it_is_the_models_own_bound_for_any_chunks_and_batches(name):
    model = SMALL[name]()
    x = model.family.snap(seeds.batch_uniform(0, 5, IMAGE))
    label = np.arange(5) % 3 if model.num_classes else None
    own = model.log_likelihood(x, 11, seed=3, label=label)
    for chunk_size, batch_size in ((4, 2), (100, 100)):
        found = importance_weighted(model, x, 11, 3, label, chunk_size, batch_size)
        np.testing.assert_allclose(found.log_likelihood, own, rtol=1e-5)
        assert found.estimate.kind == "lower bound"
        np.testing.assert_allclose(found.estimate.value, np.mean(own), rtol=1e-5)
        sem = scipy.stats.sem(found.log_likelihood)
        np.testing.assert_allclose(found.estimate.standard_error, sem, rtol=1e-12)


def test_bound_and_effective_sample_size_are_those_of_the_weights():
    """Against scipy's logsumexp over all weights at once; and from 1 to K."""
    model, x = linear_gaussian.build(**WRONG), linear_gaussian.draws(6, seed=1)
    rows, q = seeds.rows(2, 6), model.posterior(x)
    none = np.zeros(6, np.int32)
    weights = log_weights(model, x, none, q, rows, np.arange(20)).numpy().T.astype(np.float64)
    found = importance_weighted(model, x, 20, seed=2, chunk_size=7)
    expected = scipy.special.logsumexp(weights, axis=0) - math.log(20)
    np.testing.assert_allclose(found.log_likelihood, expected, rtol=1e-5)
    normalized = scipy.special.softmax(weights, axis=0)
    # A weight is float32 of about 100 nats: 1e-5 of it is rounding.
    np.testing.assert_allclose(found.effective_sample_size, 1 / (normalized**2).sum(0), rtol=1e-3)


def test_the_weights_are_those_of_the_definition():
    """log p(x|z) + log p(z) - log q(z|x), draw by draw, for every kind of q."""
    for name, build in SMALL.items():
        model = build()
        x = model.family.snap(seeds.batch_uniform(0, 3, IMAGE))
        label = np.array([0, 1, 2], np.int32)
        rows, q = seeds.rows(2, 3), model.posterior(x)
        found = log_weights(model, x, label, q, rows, np.arange(4))
        for k in range(4):
            z = from_noise(q, seeds.normal(seeds.fold_in(rows, k), model.latent_shape))
            expected = model.family.log_prob(x, model.likelihood(z, label))
            expected += model.prior().log_prob(z) - q.log_prob(z)
            np.testing.assert_allclose(found[:, k], expected, rtol=1e-5, atol=1e-4, err_msg=name)


def test_the_exact_posterior_has_equal_weights():
    model, x = linear_gaussian.build(), linear_gaussian.draws(10, seed=1)
    found = importance_weighted(model, x, 50, seed=0)
    np.testing.assert_allclose(found.log_likelihood, linear_gaussian.log_p(x), atol=1e-2)
    np.testing.assert_allclose(found.effective_sample_size, 50, rtol=1e-4)


def test_the_weights_of_a_wrong_posterior_have_the_closed_form_size():
    """log w falls short of log p by the logarithm of a mean of K weights: delta method over K."""
    k, n = 2000, 20
    model, x = linear_gaussian.build(**WRONG), linear_gaussian.draws(n, seed=1)
    found = importance_weighted(model, x, k, seed=0)
    short = found.log_likelihood - linear_gaussian.log_p(x)
    # Var log mean w = Var w / (K E[w]^2) = 1/ESS - 1/K, and the bias is minus half of it.
    variance = 1 / found.effective_sample_size - 1 / k
    assert abs(np.mean(short + variance / 2)) < 5 * math.sqrt(variance.sum()) / n + 1e-3
    # E w^2 / (E w)^2 = prod_d t^2 / (s sqrt(2 t^2 - s^2)) for q = N(m, t^2), p(z|x) = N(m, s^2).
    s2, t2 = 1 / linear_gaussian.PRECISION, WRONG["stddev"] ** 2
    chi = np.prod(t2 / np.sqrt(s2 * (2 * t2 - s2)))
    ratio = k / found.effective_sample_size
    # The spread of the ratio over images is its own standard error: they have the same law.
    assert abs(ratio.mean() - chi) < 5 * ratio.std(ddof=1) / math.sqrt(n) + 10 / k


def test_a_model_without_latents_is_exact_with_one_draw():
    model = Marginal(IMAGE)
    x = model.family.snap(seeds.batch_uniform(0, 4, IMAGE))
    calls = []
    found = importance_weighted(model, x, 5000, progress=lambda *done: calls.append(done))
    assert found.estimate.kind == "exact" and calls == [(1, 1)]
    np.testing.assert_allclose(found.log_likelihood, model(x)["elbo"], rtol=1e-6)
    np.testing.assert_allclose(found.effective_sample_size, 1)


def test_progress_counts_the_calls():
    model, calls = linear_gaussian.build(), []
    x = linear_gaussian.draws(5, seed=0)
    importance_weighted(model, x, 10, 0, None, 4, 2, lambda *done: calls.append(done))
    assert calls == [(n, 9) for n in range(1, 10)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_samples": 0}, "num_samples"),
        ({"chunk_size": 0}, "chunk_size"),
        ({"batch_size": 2.0}, "batch_size"),
        ({"label": [1]}, "no classes"),
        ({"images": np.zeros([2, 4, 4, 1], np.float32)}, "expected images"),
        ({"images": np.full([1, *IMAGE], np.nan, np.float32)}, "pixels"),
        ({"images": np.zeros([0, *IMAGE], np.float32)}, "at least 1 images"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    arguments = {"images": linear_gaussian.draws(1, seed=0), "seed": 0, **arguments}
    with pytest.raises(ValueError, match=message):
        importance_weighted(linear_gaussian.build(), **arguments)

"""Infusion training: what is trained by what, p(0), and the bound against closed forms."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgvae import Infusion, data, seeds
from tfgvae.data import Schedule
from tfgvae.mappings import MLP

IMAGE, D = (8, 8, 1), 64
AFFINE = {"name": "mlp", "dense": ()}
X = seeds.batch_uniform(0, 6, IMAGE)


def infusion(**options):
    return Infusion(IMAGE, **{"num_steps": 3, "rate": 0.1, "mapping": AFFINE, **options})


def test_infusion_rates():
    np.testing.assert_allclose(infusion(rate_growth=0.2).rates, [0.1, 0.3, 0.5])
    np.testing.assert_allclose(infusion(rate=0.5, rate_growth=0.3).rates, [0.5, 0.8, 1])
    assert infusion(schedule="constant").rates == (0.1, 0.1, 0.1)


def test_a_step_is_trained_by_its_own_term_alone():
    """The states are data: the gradient of -log p_t(x | z(t-1)) moves f_t and no other."""
    model = infusion()
    with tf.GradientTape(persistent=True) as tape:
        terms = model(X, training=True)
    for t in range(1, 4):
        for u, step in enumerate(model.steps, 1):
            gradients = tape.gradient(terms[f"nll_step_{t}"], step.trainable_variables)
            assert all((g is not None) == (t == u) for g in gradients)


def test_the_start_has_the_moments_of_all_training_images():
    model = infusion(start_min_stddev=0.25)
    batches = [seeds.batch_uniform(n, n, IMAGE) ** n for n in (1, 7, 3)]
    for batch in batches:
        model(batch)  # An evaluation counts nothing.
        model(batch, training=True)
    seen = np.concatenate(batches).astype(np.float64)
    start = model.prior().conditionals(tf.zeros([1, 3, *IMAGE]))[0]
    np.testing.assert_allclose(start.loc, seen.mean(0), atol=1e-6)
    np.testing.assert_allclose(start.scale, np.maximum(seen.std(0), 0.25), atol=1e-6)
    assert (seen.std(0) < 0.25).any() and (seen.std(0) > 0.25).any()


def test_the_first_step_has_the_moments_of_its_batch():
    """With nothing infused and affine steps of zeros, the terms know p(0) only by their noise."""
    model = infusion(rate=0.0, rate_growth=0.0, num_steps=1)
    model(X, training=True)
    noise = seeds.batch_normal(5, 6, (1, *IMAGE))
    z = model.prior_from_noise(noise)[:, 0]
    expected = X.numpy().mean(0) + X.numpy().std(0) * noise[:, 0].numpy()
    np.testing.assert_allclose(z, expected, atol=1e-5)


@pytest.mark.parametrize("mean", [False, True])
def test_the_chain_is_the_states_and_the_sample(mean):
    model = infusion()
    rows = seeds.rows(3, 4)
    chain = model.sample_chain(4, seed=3, mean=mean)
    assert chain.shape == (4, 4, *IMAGE)
    np.testing.assert_array_equal(chain[:, -1], model.ancestral_sample(4, seed=3, mean=mean))
    z = model.prior_from_noise(seeds.normal(seeds.fold_in(rows, 0), model.latent_shape))
    states = z
    if mean:
        states = [tf.broadcast_to(p.mean(), z[:, 0].shape) for p in model.prior().conditionals(z)]
        states = tf.stack(states, axis=1)
    np.testing.assert_allclose(chain[:, :-1], states, atol=1e-5)


def test_without_infusion_the_weights_are_the_likelihood():
    """q(z|x) = p(z): the bound with one draw is log p_T(x|z) itself, and kl is 0."""
    model = infusion(rate=0.0, rate_growth=0.0)
    assert not model(X)["kl"].numpy().any()
    rows = seeds.fold_in(seeds.rows(4, 6), 0)
    z = model.prior_from_noise(seeds.normal(rows, model.latent_shape))
    expected = model.family.log_prob(X, model.likelihood(z))
    np.testing.assert_allclose(model.log_likelihood(X, 1, seed=4), expected, rtol=1e-5)


def test_wholly_infused_states_are_the_image():
    model = infusion(schedule="constant", rate=1.0, infusion_stddev=0.01)
    z = model.encode(X, seed=0)
    # The largest of 1152 normal deviates is above 5.5 with probability 5e-5.
    assert np.abs(z - X[:, None]).max() < 5.5 * 0.01


S, SLOPE, SHIFT = 0.3, (0.2, 0.4), (0.4, 0.2)


@pytest.fixture(scope="module")
def linear():
    """Two steps x -> shift + slope x + S noise of each pixel alone: (model, exact law of a pixel).

    With p(0) = N(m, r^2), z(1) and x are normal.
    """
    model = infusion(
        num_steps=2,
        schedule="constant",
        rate=0.1,
        infusion_stddev=S,
        family={"name": "gaussian", "scale": S, "link": "identity"},
    )
    for step, slope, shift in zip(model.steps, SLOPE, SHIFT, strict=True):
        step.set_weights([slope * np.eye(D), np.full(D, shift)])
    model(X, training=True)
    mean, variance = X.numpy().mean(0), X.numpy().var(0)
    for slope, shift in zip(SLOPE, SHIFT, strict=True):
        mean, variance = shift + slope * mean, slope**2 * variance + S**2
    return model, stats.norm(mean, np.sqrt(variance))


def test_the_weights_average_to_the_likelihood(linear):
    """E_q p(x, z) / q(z|x) = p(x): K = 100 draws, 40 times, within 5 standard errors."""
    model, exact = linear
    x = exact.rvs((4, *IMAGE), random_state=1).astype(np.float32)
    log_p = exact.logpdf(x).sum((1, 2, 3))
    bounds = np.stack([model.log_likelihood(x, 100, seed=seed) for seed in range(40)])
    ratio = np.exp(bounds - log_p)  # [40, 4]
    assert (np.abs(ratio.mean(0) - 1) < 5 * ratio.std(0) / np.sqrt(len(ratio))).all()


def test_the_bound_is_below_the_likelihood_and_rises(linear):
    """Over 400 images: gaps to log p(x) that are positive and shrink, by 5 standard errors."""
    model, exact = linear
    x = exact.rvs((400, *IMAGE), random_state=2).astype(np.float32)
    log_p = exact.logpdf(x).sum((1, 2, 3))
    gaps = [log_p - model.log_likelihood(x, k, seed=3).numpy() for k in (1, 8, 64)]
    gaps.append(log_p - model(x)["elbo"].numpy())
    for less in (gaps[0], gaps[-1], gaps[0] - gaps[1], gaps[1] - gaps[2]):
        assert less.mean() > 5 * less.std() / np.sqrt(len(less))
    # One draw of either is the same estimate.
    difference = gaps[0] - gaps[-1]
    assert abs(difference.mean()) < 5 * difference.std() / np.sqrt(len(difference))


@pytest.mark.slow
def test_a_step_that_sees_more_of_the_image_predicts_it_better():
    """Rates 0, 0.45 and 0.9 on digits: by 5 standard errors over 512 images each."""
    options = {"num_steps": 3, "rate_growth": 0.45, "mapping": {"name": "mlp", "dense": (64,)}}
    model = Infusion(IMAGE, **options)
    model.compile(keras.optimizers.Adam(3e-3), jit_compile=False)
    noise = data.Noise(dequantize=True)
    split = data.Split("digits", "train")
    batches = split.batches(noise, Schedule(64, shuffle=True, repeat=True, seed=0))
    model.fit(batches, steps_per_epoch=150, epochs=1, verbose=0, shuffle=False)
    terms = model(next(iter(split.batches(noise, Schedule(512, seed=1)))))
    nll = [terms[f"nll_step_{t}"].numpy() for t in (1, 2, 3)]
    for worse, better in itertools.pairwise(nll):
        gain = worse - better
        assert gain.mean() > 5 * gain.std() / np.sqrt(len(gain))


def test_other_parts_are_refused():
    with pytest.raises(
        ValueError, match=r"must be a density of independent .* Bernoulli is discrete"
    ):
        infusion(family="bernoulli")
    with pytest.raises(ValueError, match="mapping of latent_dim 64, this one has 63"):
        infusion(mapping=MLP(63, (8, 8, 2)))
    with pytest.raises(ValueError, match="schedule must be one of constant, linear"):
        infusion(schedule="cosine")
    for name in ("rate", "rate_growth", "infusion_stddev", "start_min_stddev"):
        with pytest.raises(ValueError, match=f"{name} must be"):
            infusion(**{name: -0.1})


def test_a_mapping_is_the_pattern_of_all_steps():
    model = infusion(mapping=MLP(D, (8, 8, 2), dense=(5,)))
    assert [step.dense for step in model.steps] == [(5,)] * 3
    assert len({id(w) for step in model.steps for w in step.weights}) == 3 * 4

"""Chains with their latents: the sampler's own, step by step; image statistics."""

import numpy as np
import pytest

import tfgvae
from tfgvae import seeds
from tfgvae.estimators.chains.image_statistics import IMAGE_STATISTICS, image_statistics
from tfgvae.estimators.chains.running import run_chains

STEPS, CHAINS = 3, 4


@pytest.fixture(scope="module")
def model():
    return tfgvae.GVAE(
        (8, 8, 1),
        latent_dim=2,
        mapping={"name": "mlp", "dense": (5,)},
        inference={"name": "gaussian", "trunk": "mlp", "dense": (5,)},
        num_classes=3,
    )


@pytest.fixture(scope="module")
def data():
    return (np.random.default_rng(0).uniform(size=(6, 8, 8, 1)) < 0.5).astype(np.float32)


def test_latents_decode_to_the_images_of_their_step(model, data):
    label = np.array([0, 1, 2, 0])
    chains = run_chains(model, data, STEPS, CHAINS, seed=3, label=label)
    for part, name in zip(seeds.split(3, 2), ("noise", "data"), strict=True):
        rows, found = seeds.rows(part, CHAINS), chains[name]
        assert found.images.shape == (STEPS, CHAINS, 8, 8, 1)
        assert found.latents.shape == (STEPS, CHAINS, 2)
        for s in range(STEPS):
            z = found.latents[s]
            drawn = model.decode(z, seed=seeds.fold_in(rows, s), label=label)
            np.testing.assert_array_equal(drawn, found.images[s])


def test_the_chains_are_those_of_gibbs_sample(model, data):
    chains = run_chains(model, data, STEPS, CHAINS, seed=3, label=np.zeros(CHAINS, int))
    noise_seed, data_seed = seeds.split(3, 2)
    options = {"num_steps": STEPS, "label": np.zeros(CHAINS, int), "return_chain": True}
    noise = model.gibbs_sample(num_samples=CHAINS, seed=int(noise_seed), **options)
    np.testing.assert_array_equal(np.swapaxes(noise, 0, 1), chains["noise"].images)
    start = model.gibbs_sample(data[:CHAINS], seed=int(data_seed), **options)
    np.testing.assert_array_equal(np.swapaxes(start, 0, 1), chains["data"].images)


def test_latents_of_a_sequential_model_are_flattened(data):
    model = tfgvae.SeqVAE(
        (8, 8, 1), num_steps=2, latent_dim=4, width=4, dense=(6,), kernel_size=3, family="bernoulli"
    )
    chains = run_chains(model, data, 2, CHAINS)
    assert chains["data"].latents.shape == (2, CHAINS, np.prod(model.latent_shape))


def test_fewer_images_than_chains_are_refused(model, data):
    with pytest.raises(ValueError, match="at least num_chains = 7 images, got 6"):
        run_chains(model, data, STEPS, 7)


def test_image_statistics_are_what_their_names_say():
    images = np.zeros([2, 3, 5, 9, 1], np.float32)
    images[1, 2, 4, 2] = 1.0  # One pixel of 45: the last row, the third column.
    found = image_statistics(images)
    assert found.shape == (2, 3, len(IMAGE_STATISTICS))
    statistics = dict(zip(IMAGE_STATISTICS, found[1, 2], strict=True))
    assert statistics["intensity"] == pytest.approx(1 / 45)
    assert statistics["contrast"] == pytest.approx(np.sqrt(1 / 45 - 1 / 45**2))
    assert (statistics["row"], statistics["column"]) == (1.0, 0.25)
    # At the last row only the pixel above it is interior: one of 3 x 7 has l = 1.
    assert statistics["laplacian_variance"] == pytest.approx(1 / 21 - 1 / 21**2)
    black = dict(zip(IMAGE_STATISTICS, found[0, 0], strict=True))
    assert (black["row"], black["column"], black["contrast"]) == (0.5, 0.5, 0.0)


def test_images_without_steps_are_refused():
    with pytest.raises(ValueError, match=r"expected images \[num_steps, num_chains, H, W, C\]"):
        image_statistics(np.zeros([3, 8, 8, 1]))

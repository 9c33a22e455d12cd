"""Under a mixed precision policy networks compute in half precision, densities in float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import GVAE, Marginal, SeqVAE, seeds

IMAGE = (8, 8, 1)
TINY = {"width": 4, "dense": (6,), "norm": "batch"}
LADDER = {"name": "ladder", **TINY}
X = seeds.batch_uniform(0, 4, IMAGE)


def gvae():
    family = {"name": "gaussian", "learned": "global"}
    inference, mapping = {"name": "gaussian", **TINY}, {"name": "conv", **TINY}
    return GVAE(IMAGE, latent_dim=4, family=family, inference=inference, mapping=mapping)


def gvae_ladder():
    family = {"name": "discretized_logistic", "levels": 256}
    return GVAE(IMAGE, 4, family, LADDER, LADDER, regularizer="mmd")


def seqvae():
    return SeqVAE(IMAGE, 2, 4, latent_prediction=True, prediction_dense=(6,), num_classes=3, **TINY)


def pixelvae():
    options = {"num_blocks": 1, "filters": 6, "features": 4, "levels": 5}
    inference, mapping = {"name": "gaussian", **TINY}, {"name": "mlp", "dense": (6,)}
    family = {"name": "pixelcnn", **options}
    return GVAE(IMAGE, 4, family, mapping, inference, num_classes=3)


def pixelvae_pp():
    options = {"num_blocks": 1, "num_scales": 2, "filters": 6, "num_mixtures": 2, "features": 4}
    inference, mapping = {"name": "gaussian", **TINY}, {"name": "mlp", "dense": (6,)}
    return GVAE(IMAGE, 4, {"name": "pixelcnn_pp", **options}, mapping, inference)


def marginal():
    return Marginal(IMAGE, {"name": "discretized_logistic", "levels": 256}, num_classes=3)


@pytest.fixture
def mixed():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)


SLOW = [
    pytest.param(make, marks=pytest.mark.slow)
    for make in (seqvae, pixelvae, pixelvae_pp, gvae_ladder, marginal)
]


@pytest.mark.parametrize("make", [gvae, *SLOW])
def test_trains_and_samples(make, mixed):
    model = make()
    label = {"label": tf.constant([0, 1, 2, 0])} if model.num_classes else {}
    batch = {"image": X, **label} if label else X
    assert model.posterior(X).dtype == tf.float32
    terms = model(batch)
    assert all(v.dtype == tf.float32 and np.isfinite(v).all() for v in terms.values())
    # Half precision has 11 bits: some parts in a thousand of the float32 model's terms.
    keras.config.set_dtype_policy("float32")
    full = make()
    full.set_weights(model.get_weights())
    np.testing.assert_allclose(terms["nll"], full(batch)["nll"], rtol=0.02)
    model.compile(keras.optimizers.SGD(1e-3), jit_compile=False)
    history = model.fit(batch, batch_size=2, verbose=0).history
    assert all(np.isfinite(v).all() for v in history.values())
    x = model.reconstruct(X, seed=0, **label)
    assert x.dtype == tf.float32 and np.isfinite(x).all()
    assert np.isfinite(model.log_likelihood(X, 2, seed=0, **label)).all()

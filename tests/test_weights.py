"""The limit on weights: it counts what Keras makes, and refuses before the memory is used."""

import resource

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgvae
from tfgvae import weights

# The bytes of a dense layer of 10 units on 5 inputs.
DENSE = 4 * (5 * 10 + 10)


def dense():
    keras.layers.Dense(10).build((None, 5))


def variable():
    tf.Variable(lambda: tf.zeros([6, 10]))


@pytest.mark.parametrize("make", [dense, variable])
def test_bytes_are_counted_exactly(make):
    with weights.limited(DENSE):
        make()
    with weights.limited(DENSE - 1), pytest.raises(ValueError, match="choose smaller layers"):
        make()


def test_the_sum_of_all_weights_counts():
    with weights.limited(2 * DENSE), pytest.raises(ValueError, match="GiB of weights"):
        for _ in range(3):
            dense()


def test_a_model_that_does_not_fit_is_refused_and_not_allocated(monkeypatch):
    monkeypatch.setattr(weights, "most_bytes", lambda: 2**28)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mapping = {"name": "mlp", "dense": (65536,) * 100}  # 1600 GiB
    with pytest.raises(ValueError, match="this machine can train"):
        tfgvae.GVAE((8, 8, 1), mapping=mapping)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used * 1024 <= 2**30


def test_the_limit_leaves_the_weights_as_they_are(monkeypatch):
    def made():
        return tfgvae.GVAE((8, 8, 1), latent_dim=2, seed=3).get_weights()

    limited = made()
    monkeypatch.setattr(weights, "most_bytes", lambda: 2**60)
    for a, b in zip(limited, made(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_replicas_make_their_weights_within_the_limit(mirrored):
    with mirrored.scope():
        model = tfgvae.GVAE((8, 8, 1), latent_dim=2)
    assert model.count_params() > 0
    with mirrored.scope(), weights.limited(DENSE - 1), pytest.raises(ValueError, match="GiB"):
        dense()

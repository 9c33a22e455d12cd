"""Recomputed steps, and steps that share a trace, give the numbers of plain ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import SeqVAE, seeds
from tfgvae.models import step_functions

IMAGE = (8, 8, 1)
TINY = {"num_steps": 3, "latent_dim": 4, "width": 4, "dense": (6,), "kernel_size": 3}
X = seeds.batch_uniform(0, 6, IMAGE)
slow = pytest.mark.slow
MODES = [
    pytest.param({"training": "greedy", "layout": "authors"}, marks=slow),
    pytest.param({"training": "through", "step_prior": "conditional"}, marks=slow),
    pytest.param({"training": "last", "share": True, "num_classes": 2}, marks=slow),
    pytest.param({"training": "greedy", "step_prior": "conditional"}, marks=slow),
    pytest.param(
        {"training": "annealed", "family": {"name": "gaussian", "learned": "global"}}, marks=slow
    ),
    {"latent_prediction": True, "prediction_dense": (5,)},
    pytest.param({"norm": "layer", "denoise": True}, marks=slow),
]


def seqvae(**options):
    return SeqVAE(IMAGE, seed=3, **{**TINY, **options})


def step(model, graph):
    """The terms, the loss, its gradients, and the other weights after a training call."""
    batch = {"image": X, "label": tf.range(6) % 2} if model.num_classes else X

    def run():
        with tf.GradientTape() as tape:
            terms = model(batch, training=True)
            loss = tf.add_n(model.losses)
        zero = tf.UnconnectedGradients.ZERO
        values = [w.value for w in model.trainable_weights]
        return terms, loss, tape.gradient(loss, values, unconnected_gradients=zero)

    found = tf.nest.flatten((tf.function(run) if graph else run)())
    return [np.asarray(v) for v in (*found, *(w.value for w in model.non_trainable_weights))]


@pytest.mark.parametrize("options", MODES)
def test_recomputed_steps_have_the_same_noise_gradients_and_moving_averages(options):
    """Bit for bit in the same kind of graph: the second pass is the same computation."""
    plain, again = (step(seqvae(recompute=r, **options), True) for r in (False, True))
    eager = step(seqvae(**options), False)
    for a, b, c in zip(plain, again, eager, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(a, c, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_a_step_is_traced_once(monkeypatch):
    counts = {"infer": 0, "following": 0}
    plain = {name: getattr(step_functions, name) for name in counts}
    for name in counts:

        def counted(*args, name=name, **options):
            counts[name] += 1
            return plain[name](*args, **options)

        monkeypatch.setattr(step_functions, name, counted)
    model = seqvae(num_steps=5, family="bernoulli")
    step(model, graph=True)
    assert counts == {"infer": 1, "following": 1}
    model.compile(keras.optimizers.SGD(1e-3), jit_compile=False)
    model.fit(X, batch_size=6, verbose=0)
    assert counts == {"infer": 1, "following": 1}


@pytest.mark.slow
@pytest.mark.parametrize("recompute", [False, True])
def test_two_replicas_train_as_one(mirrored, recompute):
    weights = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        with strategy.scope():
            model = seqvae(recompute=recompute, training="through")
            model.compile(keras.optimizers.SGD(1e-3), jit_compile=False)
        data = tf.data.Dataset.from_tensors(X).repeat(2)
        model.fit(data, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-4)


def test_recompute_is_an_option_of_training_alone():
    plain, again = seqvae(), seqvae(recompute=True)
    np.testing.assert_array_equal(plain(X)["elbo"], again(X)["elbo"])
    assert SeqVAE.from_config(again.get_config()).recompute
    assert "recompute" not in plain.get_config()
    with pytest.raises(ValueError, match="recompute must be True or False, got 1"):
        seqvae(recompute=1)

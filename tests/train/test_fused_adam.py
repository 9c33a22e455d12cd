"""The fused Adam is Keras's: step by step, on one replica and on two, from each other's files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.train import tiny_runs as tiny
from train import optimizers
from train.fused_adam import Fused, FusedAdam, FusedAdamW

PAIRS = {"adam": (keras.optimizers.Adam, FusedAdam), "adamw": (keras.optimizers.AdamW, FusedAdamW)}
RATE = keras.optimizers.schedules.PolynomialDecay(1e-3, 5, end_learning_rate=3e-2)
OPTIONS = [
    {"learning_rate": 1e-2},
    {"learning_rate": RATE},
    {"learning_rate": 1e-2, "amsgrad": True},
    {"learning_rate": 1e-2, "weight_decay": 0.1, "use_ema": True, "ema_momentum": 0.9},
    {"learning_rate": 1e-2, "beta_1": 0.95, "beta_2": 0.9995, "epsilon": 1e-3, "clipnorm": 0.5},
]


def fitted(optimizer, strategy=None, steps=8):
    """A small network after some steps: its weights and its optimizer's variables."""
    with (strategy or tf.distribute.get_strategy()).scope():
        keras.utils.set_random_seed(0)
        layers = [keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((3,)), *layers])
        model.compile(optimizer(), "mse", jit_compile=False)
    x = np.random.default_rng(0).normal(size=(8 * steps, 3)).astype(np.float32)
    data = tf.data.Dataset.from_tensor_slices((x, x[:, :1] ** 2 - 1)).batch(8)
    model.fit(data, verbose=0, shuffle=False)
    return model


def _last(variable):
    """The kind of a variable, such as "momentum", without the numbers of layers in its path."""
    return variable.path.split("/")[-1].rpartition("_")[2]


@pytest.mark.parametrize("name", [pytest.param("adam", marks=pytest.mark.slow), "adamw"])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(o, id=str(i), marks=pytest.mark.slow if i in (0, 2, 3) else ())
        for i, o in enumerate(OPTIONS)
    ],
)
def test_every_step_is_that_of_keras(name, options):
    plain, fused = (fitted(lambda cls=cls: cls(**options)) for cls in PAIRS[name])
    for a, b in zip(plain.get_weights(), fused.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)
    for a, b in zip(plain.optimizer.variables, fused.optimizer.variables, strict=True):
        assert _last(a) == _last(b)
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rate", [1e-2, RATE], ids=["constant", "schedule"])
def test_two_replicas_take_the_step_of_one(rate, mirrored):
    one, two = (fitted(lambda: FusedAdam(rate), s) for s in (None, mirrored))
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)


def test_a_file_of_the_plain_one_goes_on(tmp_path):
    """Four plain steps, saved, loaded into a fused optimizer, four more: eight plain steps."""
    plain = fitted(lambda: keras.optimizers.Adam(1e-2), steps=4)
    plain.save_weights(tmp_path / "plain.weights.h5")
    fused = fitted(lambda: FusedAdam(1e-2), steps=1)
    fused.load_weights(tmp_path / "plain.weights.h5")
    assert int(fused.optimizer.iterations) == 4
    x = np.random.default_rng(1).normal(size=(32, 3)).astype(np.float32)
    for model in (plain, fused):
        model.fit(x, x[:, :1], batch_size=8, shuffle=False, verbose=0)
    for a, b in zip(plain.get_weights(), fused.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)


def test_half_precision_weights_take_the_plain_step():
    """The operation wants one type for all: a float16 gradient is left to Keras."""
    weight = keras.Variable(np.ones(3, np.float16), dtype="float16")
    optimizer = FusedAdam(0.1)
    optimizer.build([weight])
    optimizer.apply([tf.constant([1, -1, 2], tf.float16)], [weight])
    np.testing.assert_allclose(weight.numpy(), [0.9, 1.1, 0.9], atol=2e-3)


def test_a_run_uses_it():
    assert isinstance(optimizers.make(tiny.config(optimizer="adam").train), FusedAdam)
    assert isinstance(optimizers.make(tiny.config(optimizer="adamw", clip_norm=1.0).train), Fused)

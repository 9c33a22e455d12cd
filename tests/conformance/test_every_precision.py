"""Every model in half precision: it is the float32 model up to rounding, and is saved as such."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.rounding import UNIT, assert_within_rounding, made_in
from tests.conformance.tiny_models import batch, build, each, few, images
from tfgvae import GVAE, SeqVAE, precision


@pytest.mark.parametrize("policy", UNIT)
@few
def test_loss_and_gradient_are_float32s_up_to_rounding(key, policy):
    full = build(key)
    data = batch(full)
    if full.family.wants_initialization:
        full.initialize(data)
    assert_within_rounding(full, made_in(policy, lambda: build(key)), data, UNIT[policy])


@each
def test_terms_and_losses_are_float32(key):
    model = made_in("mixed_float16", lambda: build(key))
    data = batch(model)
    terms = model(data, training=True)
    assert all(v.dtype == tf.float32 and np.isfinite(v).all() for v in terms.values())
    assert all(loss.dtype == tf.float32 for loss in model.losses)
    assert model.posterior(images(data)).dtype == tf.float32
    assert all(v.dtype == "float32" for v in model.trainable_variables)


@few
def test_a_saved_mixed_model_is_loaded_in_float32(key, tmp_path):
    """precision.in_float32, which tfgvae.load applies: the weights of the mixed one, in float32."""
    mixed = made_in("mixed_bfloat16", lambda: build(key))
    mixed.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert loaded.dtype_policy.name == "mixed_bfloat16"
    full = precision.in_float32(loaded)
    assert not any(x.dtype_policy.name.startswith("mixed") for x in full._flatten_layers())
    expected = build(key)
    expected.set_weights(mixed.get_weights())
    data = batch(expected)
    for name, value in expected(data).items():
        np.testing.assert_array_equal(full(data)[name], value, err_msg=name)


def test_a_float32_model_stays_itself():
    model = build("gvae")
    assert precision.in_float32(model) is model


@pytest.mark.parametrize("policy", UNIT)
def test_dtype_of_a_model_reaches_its_parts(policy):
    networks = {"mapping": {"name": "conv", "width": 4, "dense": (6,)}}
    networks["inference"] = {"name": "gaussian", "width": 4, "dense": (6,)}
    models = (
        GVAE((8, 8, 1), 4, dtype=policy, **networks),
        SeqVAE((8, 8, 1), 2, 4, width=4, dense=(6,), dtype=policy),
    )
    for model in models:
        kernels = [layer for layer in model._flatten_layers() if hasattr(layer, "kernel")]
        assert kernels
        for layer in kernels:
            assert layer.compute_dtype == policy.removeprefix("mixed_"), layer.path
            assert layer.variable_dtype == "float32"

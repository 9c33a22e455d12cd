"""sample_weight, class_weight, the weight of R as a variable, and the dtype of the parts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance import components
from tests.conformance.tiny_models import IMAGE, batch, build, images
from tfgvae import GVAE
from tfgvae.models import MODELS

WEIGHTS = np.array([0.0, 2.0, 0.5, 1.0, 3.0, 0.0], np.float32)
# A model of each kind; free bits and batch-level penalties are refused below.
KEYS = ["gvae", "gvae-label", "seqvae", "marginal", "infusion"]


def loss_and_gradients(model, data):
    with tf.GradientTape() as tape:
        terms = model(data, training=True)
        loss = tf.add_n(model.losses)
    model.train_batches.assign(0)  # The noise of the first batch again.
    return terms, loss, tape.gradient(loss, model.trainable_variables)


def with_weights(data, weights):
    return {**(data if isinstance(data, dict) else {"image": data}), "weight": weights}


@pytest.mark.parametrize("key", KEYS)
def test_a_weighted_loss_is_the_weighted_sum_over_the_number_of_rows(key):
    """w = 2 everywhere doubles the gradient; the loss is mean(w * terms)."""
    model, data = build(key), batch(build(key))
    terms, plain, gradients = loss_and_gradients(model, data)
    _, doubled, twice = loss_and_gradients(model, with_weights(data, 2 * np.ones(6, np.float32)))
    np.testing.assert_allclose(doubled, 2 * plain, rtol=1e-5)
    for a, b in zip(gradients, twice, strict=True):
        np.testing.assert_allclose(b, 2 * a, rtol=1e-3, atol=1e-4)
    _, weighted, _ = loss_and_gradients(model, with_weights(data, WEIGHTS))
    if key in ("gvae", "gvae-label"):
        each = terms["nll"] + terms["penalty"]
        np.testing.assert_allclose(weighted, np.mean(WEIGHTS * each), rtol=1e-5)


def fitted(weight, **options):
    model = build("gvae")
    model.compile(keras.optimizers.SGD(1e-3))
    history = model.fit(
        images(batch(model)), np.arange(6) % 2, batch_size=6, verbose=0, shuffle=False, **options
    )
    return history.history["loss"][0], model


def test_fit_weights_as_it_is_told():
    plain, _ = fitted(None)
    double, _ = fitted(None, sample_weight=2 * np.ones(6))
    by_class, one = fitted(None, class_weight={0: 3.0, 1: 0.5})
    by_row, two = fitted(None, sample_weight=np.array([3, 0.5] * 3))
    np.testing.assert_allclose(double, 2 * plain, rtol=1e-5)
    np.testing.assert_allclose(by_class, by_row, rtol=1e-6)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_arrays_without_targets_keep_their_weights():
    """Keras packs weights only beside targets, and drops them otherwise."""
    model = build("gvae")
    model.compile(keras.optimizers.SGD(0.0))
    x = images(batch(model)).numpy()
    plain, double, zero = (
        model.evaluate(x, batch_size=6, verbose=0, return_dict=True, **given)["loss"]
        for given in ({}, {"sample_weight": 2 * np.ones(6)}, {"sample_weight": np.zeros(6)})
    )
    np.testing.assert_allclose([double, zero], [2 * plain, 0], rtol=1e-5)

    def start(**given):
        model = build("gvae")
        model.compile(keras.optimizers.SGD(1e-3))
        return model.fit(x, batch_size=6, verbose=0, shuffle=False, **given).history

    np.testing.assert_allclose(
        start(sample_weight=2 * np.ones(6))["loss"], 2 * np.array(start()["loss"]), rtol=1e-5
    )
    held_out = start(validation_data=(x, None, np.zeros(6, np.float32)))
    assert held_out["val_loss"] == [0.0]


@pytest.mark.slow
def test_two_replicas_weight_as_one(mirrored):
    def trained(strategy):
        with strategy.scope():
            model = build("gvae")
            model.compile(keras.optimizers.SGD(1e-2), jit_compile=False)
        x = images(batch(model)).numpy()
        data = tf.data.Dataset.from_tensors((x, np.zeros(6), WEIGHTS)).repeat(2)
        model.fit(data, verbose=0, shuffle=False)
        return model.get_weights()

    for a, b in zip(trained(tf.distribute.get_strategy()), trained(mirrored), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "regularizer", ["mmd", "stein", "moments", "adversarial", {"name": "kl", "free_bits": 0.1}]
)
def test_a_regularizer_of_the_whole_batch_refuses_weights(regularizer):
    options = {**components.MODELS["gvae"], "regularizer": regularizer}
    model = components.build(MODELS, {"gvae": options}, "gvae", image_shape=IMAGE)
    with pytest.raises(ValueError, match="sample_weight: the regularizer"):
        model(with_weights(batch(model), WEIGHTS), training=True)


def test_weights_of_another_length_are_refused():
    model = build("gvae")
    with pytest.raises(ValueError, match="a sample weight per image"):
        model(with_weights(batch(model), WEIGHTS[:3]))


class Raise(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.regularizer.weight = 1000.0


@pytest.mark.parametrize("name", ["kl", "mmd", "adversarial", "norm"])
def test_the_weight_of_r_may_change_between_two_steps(name, tmp_path):
    """After the callback the loss is nll + 1000 R; the file keeps the new weight."""
    options = {**components.MODELS["gvae"], "regularizer": {"name": name, "weight": 1.0}}
    model = components.build(MODELS, {"gvae": options}, "gvae", image_shape=IMAGE)
    model.compile(keras.optimizers.SGD(0.0))
    x = images(batch(model)).numpy()
    history = model.fit(
        x, epochs=2, batch_size=6, shuffle=False, verbose=0, callbacks=[Raise()]
    ).history
    for epoch, weight in enumerate((1.0, 1000.0)):
        expected = history["nll"][epoch] + weight * history["penalty"][epoch]
        np.testing.assert_allclose(history["loss"][epoch], expected, rtol=1e-3, atol=1e-2)
    assert model.regularizer.weight == 1000.0
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert again.regularizer.weight == 1000.0
    assert again.get_config()["regularizer"]["config"]["weight"] == 1000.0
    with pytest.raises(ValueError, match="weight"):
        model.regularizer.weight = -1.0


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("key", ["gvae", "seqvae", "marginal", "infusion", "gvae-pixelcnn"])
def test_a_models_dtype_reaches_its_parts(key, policy):
    cls = MODELS[key.split("-")[0]]
    model = cls(IMAGE, **components.MODELS[key], seed=1, dtype=policy)
    assert keras.config.dtype_policy().name == "float32"
    names = ("family", "mapping", "inference", "_first")
    parts = [getattr(model, name) for name in names if hasattr(model, name)]
    assert {part.dtype_policy.name for part in parts} == {policy}
    data = batch(model)
    half, full = model(data), build(key)(data)
    # Networks in half precision, densities in float32: 8 bits of bfloat16 are 3 digits.
    np.testing.assert_allclose(half["nll"], full["nll"], rtol=0.05)
    assert all(term.dtype == tf.float32 for term in half.values())


def test_a_part_given_as_an_instance_keeps_its_own_policy():
    from tfgvae.mappings import MLP

    mapping = MLP(4, (8, 8, 1), dense=(6,))
    model = GVAE(IMAGE, 4, mapping=mapping, dtype="mixed_bfloat16")
    assert mapping.dtype_policy.name == "float32"
    assert model.inference.dtype_policy.name == "mixed_bfloat16"

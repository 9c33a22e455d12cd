"""What every model must do: train by plain Keras, save, sample by seed, be the same on replicas."""

import math

import components
import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import seeds
from tfgvae.models import MODELS

IMAGE = (8, 8, 1)
every = pytest.mark.parametrize("key", components.MODELS)


def build(key, **given):
    options = {"image_shape": IMAGE, "seed": 1, **given}
    return components.build(MODELS, components.MODELS, key, **options)


def batch(model, rows=6, seed=0):
    """Images of the family's support, with labels where the model has classes."""
    x = model.family.snap(seeds.batch_uniform(seed, rows, IMAGE))
    if not model.num_classes:
        return x
    return {"image": x, "label": tf.range(rows) % model.num_classes}


def images(data):
    return data["image"] if isinstance(data, dict) else data


def label(model, rows):
    return {"label": tf.range(rows) % model.num_classes} if model.num_classes else {}


@every
def test_terms_are_per_image_and_add_up_to_the_loss(key):
    model = build(key)
    terms = model(batch(model))
    assert set(terms) == set(model.term_names)
    assert all(v.shape == (6,) for v in terms.values())
    np.testing.assert_allclose(terms["elbo"], -(terms["nll"] + terms["kl"]), rtol=1e-6)
    steps = [v for k, v in terms.items() if k.startswith("nll_step")]
    if not steps or not model.intermediate_reconstruction:
        steps = [terms["nll"]]
    objective = sum(tf.reduce_mean(nll) for nll in steps) + tf.reduce_mean(terms["penalty"])
    np.testing.assert_allclose(sum(model.losses), objective, rtol=1e-5)


@every
def test_gradients_reach_every_weight(key):
    model = build(key)
    for i, weight in enumerate(model.trainable_variables):
        weight.assign_add(0.1 * seeds.batch_normal(i, 1, weight.shape)[0])
    with tf.GradientTape() as tape:
        model(batch(model), training=True)
        loss = tf.add_n(model.losses)
    for weight, gradient in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
    ):
        assert gradient is not None and np.isfinite(gradient).all(), weight.path


@every
def test_fit_save_load_and_go_on(key, tmp_path):
    """A model saved in the middle of training goes on bit for bit as the one that was not."""
    model = build(key)
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=False, run_eagerly=True)
    data = batch(model)
    fit = {"batch_size": 3, "shuffle": False, "verbose": 0}
    history = model.fit(data, **fit).history
    assert all(math.isfinite(v[-1]) for v in history.values())
    assert {"loss", "nll", "kl", "elbo", "penalty"} <= set(history)
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    assert int(copy.train_batches) == 2
    for name, value in model(data).items():
        np.testing.assert_array_equal(copy(data)[name], value, err_msg=name)
    copy.run_eagerly = True
    model.fit(data, **fit)
    copy.fit(data, **fit)
    for ours, theirs in zip(model.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(theirs, ours, err_msg=ours.path)


@every
def test_same_seed_same_model_same_noise(key):
    one, two, other = build(key), build(key), build(key, seed=2)
    for ours, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_array_equal(theirs, ours)
    assert any(not np.array_equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))
    data = batch(one)
    first = one(data, training=True)["nll"]
    np.testing.assert_array_equal(two(data, training=True)["nll"], first)
    assert not np.array_equal(one(data, training=True)["nll"], first), (
        "the next batch has new noise"
    )


@every
def test_samplers(key):
    """Shapes, the family's support, and a row that depends on its own seed alone."""
    model, rows = build(key), seeds.rows(5, 4)
    x = images(batch(model, 4))
    calls = {
        "encode": lambda i: model.encode(x[i], seed=rows[i]),
        "reconstruct": lambda i: model.reconstruct(x[i], seed=rows[i], **part(i)),
        "ancestral": lambda i: model.ancestral_sample(len(rows[i]), seed=rows[i], **part(i)),
        "gibbs": lambda i: model.gibbs_sample(x[i], num_steps=2, seed=rows[i], **part(i)),
        "likelihood": lambda i: model.log_likelihood(x[i], 3, seed=rows[i], **part(i)),
    }

    def part(i):
        return {"label": (tf.range(4) % model.num_classes)[i]} if model.num_classes else {}

    for name, call in calls.items():
        whole = call(slice(0, 4)).numpy()
        assert whole.shape[0] == 4 and np.isfinite(whole).all(), name
        np.testing.assert_array_equal(call(slice(0, 4)), whole, err_msg=name)
        # Kernels may sum in another order for another batch: float rounding of the same draw.
        np.testing.assert_allclose(call(slice(2, 3))[0], whole[2], atol=2e-4, err_msg=name)
    assert not np.array_equal(
        model.ancestral_sample(4, seed=5, **part(slice(0, 4))),
        model.ancestral_sample(4, seed=6, **part(slice(0, 4))),
    )
    if model.family.discrete:
        drawn = model.ancestral_sample(4, seed=5, **part(slice(0, 4)))
        np.testing.assert_allclose(model.family.snap(drawn), drawn, atol=1e-6)


@every
def test_gibbs_is_repeated_reconstruction(key):
    model, rows = build(key), seeds.rows(8, 2)
    more, x = label(model, 2), images(batch(model, 2))
    chain = model.gibbs_sample(x, num_steps=3, seed=rows, return_chain=True, **more)
    assert chain.shape == (2, 3, *IMAGE)
    np.testing.assert_array_equal(
        model.gibbs_sample(x, num_steps=3, seed=rows, **more), chain[:, -1]
    )
    for step in range(3):
        x = model.reconstruct(x, seed=seeds.fold_in(rows, step), **more)
        np.testing.assert_allclose(chain[:, step], x, atol=2e-4)


@every
def test_no_call_traces_a_sampler_again(key, monkeypatch):
    model, traces = build(key), []
    likelihood = model.likelihood
    monkeypatch.setattr(
        type(model), "likelihood", lambda *a, **k: traces.append(1) or likelihood(*a[1:], **k)
    )
    for rows in (1, 2, 5):
        model.ancestral_sample(rows, seed=0, **label(model, rows))
        model.gibbs_sample(num_samples=rows, num_steps=rows, seed=0, **label(model, rows))
    assert len(traces) == 2


@every
def test_two_replicas_train_as_one(key, mirrored):
    """1 x 8 against 2 x 4 rows: equal weights to 1e-6, SGD, batch normalisation synchronised."""

    def train(strategy):
        with strategy.scope():
            model = build(key)
            model.compile(keras.optimizers.SGD(1e-3), jit_compile=False, run_eagerly=False)
        dataset = tf.data.Dataset.from_tensors(batch(model, 8)).repeat(2)
        history = model.fit(dataset, verbose=0, shuffle=False).history
        return model, history

    one, history_one = train(tf.distribute.get_strategy())
    two, history_two = train(mirrored)
    assert history_two["loss"][-1] == pytest.approx(history_one["loss"][-1], rel=1e-4)
    for ours, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(
            theirs.numpy(), ours.numpy(), rtol=1e-5, atol=1e-6, err_msg=ours.path
        )


@every
def test_bad_input_at_the_door(key):
    model = build(key)
    x, more = images(batch(model, 2)), label(model, 2)

    def with_labels(x):
        return {"image": x, **more}

    bad = [
        (lambda: model(tf.zeros([2, 9, 8, 1])), "expected images"),
        (lambda: model({"label": tf.constant([1])}), "'image'"),
        (lambda: model(tf.zeros([2, *IMAGE], tf.uint8)), "divide by 255"),
        (lambda: model(with_labels(255 * x)), r"expected pixels in \[0, 1\]"),
        (lambda: model.encode(x * math.nan), "expected (finite )?pixels"),
        (lambda: model.encode(x[0]), "expected images"),
        (lambda: model.encode(x[:0]), "empty batch"),
        (lambda: model.decode(tf.zeros([2, 3]), **more), "expected latents"),
        (lambda: model.ancestral_sample(0), "num_samples must be an integer >= 1"),
        (lambda: model.gibbs_sample(x, num_steps=0, **more), "num_steps must be an integer >= 1"),
        (lambda: model.gibbs_sample(x, num_samples=3, **more), "x has 2 images"),
        (lambda: model.reconstruct(x, seed=[1, 2, 3], **more), "expected 2 row seeds"),
    ]
    if model.num_classes:
        bad += [
            (lambda: model(x), "conditioned on 3 classes"),
            (lambda: model.ancestral_sample(2), "needs label"),
            (lambda: model.ancestral_sample(2, label=[0, 3]), "0..2"),
            (lambda: model.ancestral_sample(2, label=[0, 1, 1]), "expected 2 labels"),
        ]
    else:
        bad.append((lambda: model.reconstruct(x, label=[0, 1]), "no classes"))
    for call, message in bad:
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
            call()

"""Wrong inputs of every model: a ValueError in Python, an assertion when a graph runs."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.tiny_models import IMAGE, batch, build, each, images, label
from tfgvae import GVAE


def one_nan(x):
    """x with one pixel that is not a number."""
    return tf.tensor_scatter_nd_update(x, [[0, 3, 3, 0]], [math.nan])


def not_finite(model, z, more):
    """Latents that are not numbers, if the model has latents."""
    calls = [lambda: model.decode(z * math.nan, **more)] if model.has_latents else []
    return [(call, "expected finite latents") for call in calls]


def without_mean(model, x, z, more):
    """mean=True, where the family has no mean."""
    if model.family.has_mean:
        return []
    more = {"mean": True, **more}
    calls = [
        lambda: model.decode(z, **more),
        lambda: model.reconstruct(x, **more),
        lambda: model.ancestral_sample(2, **more),
        lambda: model.gibbs_sample(x, **more),
    ]
    return [(call, "mean=True, but the family .* has no mean") for call in calls]


@each
def test_bad_images_latents_and_numbers(key):
    model = build(key)
    x, more = images(batch(model, 2)), label(model, 2)
    z = model.encode(x, seed=0)

    def with_labels(x):
        return {"image": x, **more}

    for call, message in [
        (lambda: model(tf.zeros([2, 9, 8, 1])), "expected images"),
        (lambda: model({"label": tf.constant([1])}), "'image'"),
        (lambda: model(tf.zeros([2, *IMAGE], tf.uint8)), "divide by 255"),
        (lambda: model(with_labels(255 * x)), r"expected pixels in \[0, 1\]"),
        (lambda: model(with_labels(one_nan(x))), "expected pixels"),
        (lambda: model.encode(255 * x), "expected pixels"),
        (lambda: model.encode(one_nan(x)), "expected pixels"),
        (lambda: model.encode(x[0]), "expected images"),
        (lambda: model.encode(x[:0]), "empty batch"),
        (lambda: model.decode(tf.zeros([2, 3]), **more), "expected latents"),
        (lambda: model.ancestral_sample(0), "num_samples must be an integer >= 1"),
        (lambda: model.ancestral_sample(2.0), "num_samples must be an integer >= 1"),
        (lambda: model.gibbs_sample(x, num_steps=0, **more), "num_steps must be an integer >= 1"),
        (lambda: model.gibbs_sample(x, num_samples=3, **more), "num_samples is 3"),
        (lambda: model.reconstruct(x, seed=[1, 2, 3], **more), "expected 2 row seeds"),
        (lambda: model.reconstruct(x, seed=2**63, **more), "seeds must be integers"),
        (lambda: model.reconstruct(x, seed=True, **more), "seeds must be integers"),
        *not_finite(model, z, more),
        *without_mean(model, x, z, more),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


def test_labels_that_are_not_wanted():
    model = build("gvae")
    with pytest.raises(ValueError, match="no classes"):
        model.reconstruct(batch(model, 2), label=[0, 1])


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (None, "conditioned on 3 classes"),
        ([0.0, 1.0], "labels must be integers"),
        ([0, 3], r"labels must be in 0\.\.2"),
        ([-1, 0], r"labels must be in 0\.\.2"),
        ([0, 1, 2], r"expected 2 labels, got shape \(3,\)"),
        ([[0, 1], [1, 0]], "expected 2 labels"),
        (1, "expected 2 labels"),
    ],
)
def test_labels_of_a_batch(label, message):
    model = build("seqvae-label")
    x = images(batch(model, 2))
    with pytest.raises(ValueError, match=message):
        model({"image": x, "label": label if label is None else np.array(label)[()]})


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (None, "needs label"),
        ([0.0, 1.0], "labels must be integers"),
        ([0, 3], r"0\.\.2"),
        ([0, 1, 1], "expected 2 labels"),
    ],
)
def test_labels_of_a_sampler(label, message):
    with pytest.raises(ValueError, match=message):
        build("seqvae-label").ancestral_sample(2, label=label)


def test_a_column_of_labels_is_a_row_of_labels():
    model = build("seqvae-label")
    x = images(batch(model, 2))
    column = model({"image": x, "label": np.array([[0], [2]], np.uint8)})["nll"]
    np.testing.assert_array_equal(model({"image": x, "label": np.array([0, 2])})["nll"], column)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": np.array([0, 3, 1, 2])}, "labels must be in"),
        pytest.param(
            {"image": np.full((4, *IMAGE), 255.0, np.float32)},
            "expected pixels in",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"image": np.full((4, *IMAGE), np.nan, np.float32)},
            "expected pixels in",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_fit_refuses_as_its_graph_runs(change, message):
    model = build("seqvae-label")
    model.compile(keras.optimizers.SGD(), jit_compile=False)
    data = {**batch(model, 4), **change}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        model.fit(tf.data.Dataset.from_tensor_slices(data).batch(2), verbose=0)


def test_fit_refuses_labels_that_are_no_integers():
    model = build("seqvae-label")
    model.compile(keras.optimizers.SGD(), jit_compile=False)
    data = {**batch(model, 4), "label": np.zeros(4)}
    with pytest.raises(ValueError, match="labels must be integers"):
        model.fit(tf.data.Dataset.from_tensors(data), verbose=0)


def test_any_number_is_a_pixel_of_the_identity_link():
    options = {"mapping": {"name": "mlp", "dense": ()}, "latent_dim": 2}
    inference = {"name": "gaussian", "trunk": "mlp", "dense": ()}
    family = {"name": "gaussian", "link": "identity"}
    model = GVAE(IMAGE, family=family, inference=inference, **options)
    assert np.isfinite(model(tf.fill([2, *IMAGE], 7.0))["nll"]).all()
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="expected finite pixels"):
            model(tf.fill([2, *IMAGE], bad))
        with pytest.raises(ValueError, match="expected finite pixels"):
            model.encode(tf.fill([2, *IMAGE], bad))

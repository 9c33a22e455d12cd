"""Every form of images gives an estimator the numbers of the array."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.tiny_models import IMAGE, build
from tfgvae import checks, estimators
from tfgvae.estimators.gathering import gathered
from tfgvae.layers.classifier import ClassifierNetwork

N = 10
rng = np.random.default_rng(0)
X = rng.random((N, *IMAGE), np.float32)
Y = np.arange(N) % 3


def slices(value):
    return tf.data.Dataset.from_tensor_slices(value)


FORMS = {
    "array": lambda: X,
    "tensor": lambda: tf.constant(X),
    "dict": lambda: {"image": X, "label": Y},
    "data set of images": lambda: slices(X),
    "data set of batches": lambda: slices(X).batch(4),
    "data set of dicts": lambda: slices({"image": X, "label": Y}),
    "data set of batches of dicts": lambda: slices({"image": X, "label": Y}).batch(4),
    "data set of pairs": lambda: slices((X, Y)).batch(3),
    "generator": lambda: tf.data.Dataset.from_generator(
        lambda: iter(X), output_signature=tf.TensorSpec(IMAGE, tf.float32)
    ),
}
every_form = pytest.mark.parametrize("form", FORMS)


def numbers(result):
    """Every number of a result, flat."""
    results = result.values() if isinstance(result, dict) else [result]
    values = [dataclasses.asdict(part) for part in results]
    return [np.asarray(leaf) for leaf in tf.nest.flatten(values) if not isinstance(leaf, str)]


def assert_equal(found, expected):
    for a, b in zip(numbers(found), numbers(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def model():
    return build("gvae")


@pytest.fixture(scope="module")
def network():
    made = ClassifierNetwork(IMAGE, 3, width=2, dense=(4,))
    made.build((None, *IMAGE))
    return estimators.classifier_features(made)


OF_A_MODEL = {
    "active_units": lambda model, x: estimators.active_units(model, x),
    "mutual_information": lambda model, x: estimators.mutual_information(model, x),
    "aggregate_posterior": lambda model, x: estimators.aggregate_posterior(
        model, x, num_permutations=9, max_images=8
    ),
    "posterior_variance": lambda model, x: estimators.posterior_variance(
        model, x, np.zeros([1, *model.latent_shape], np.float32)
    ),
    "log_likelihood": lambda model, x: estimators.log_likelihood(model, x, 3),
    "annealed_importance": lambda model, x: estimators.annealed_importance(
        model, x, 1, 2, num_leapfrog=1
    ),
    "run_chains": lambda model, x: estimators.run_chains(model, x, 2, 3),
    "sharpness": lambda model, x: estimators.sharpness(x),
}


@pytest.mark.parametrize("name", OF_A_MODEL)
def test_an_estimator_gives_the_numbers_of_the_array(name, model):
    estimate = OF_A_MODEL[name]
    expected = estimate(model, X)
    for make in FORMS.values():
        assert_equal(estimate(model, make()), expected)


@every_form
def test_features_and_their_distances(form, network):
    features = network(FORMS[form]())
    np.testing.assert_array_equal(features, network(X))
    if "array" not in form:
        return
    for rows in (slices(features), slices(features).batch(3)):
        for distance in (estimators.frechet_distance, estimators.precision_recall):
            assert_equal(distance(rows, features), distance(features, features))


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, marks=pytest.mark.slow if "batches" not in form else ())
        for form in FORMS
        if "dict" in form
    ],
)
def test_labels_come_with_the_images(form):
    model = build("seqvae-label")
    found = estimators.log_likelihood(model, FORMS[form](), 3)
    assert_equal(found, estimators.log_likelihood(model, X, 3, label=Y))
    chains = estimators.run_chains(model, FORMS[form](), 2, 4)
    expected = estimators.run_chains(model, X, 2, 4, label=Y[:4])
    np.testing.assert_array_equal(chains["data"].images, expected["data"].images)
    with pytest.raises(ValueError, match="expected labels once"):
        estimators.log_likelihood(model, FORMS[form](), 3, label=Y)


def test_a_column_of_labels_is_a_row_of_labels():
    model = build("seqvae-label")
    found = estimators.log_likelihood(model, {"image": X, "label": Y[:, None]}, 3)
    assert_equal(found, estimators.log_likelihood(model, X, 3, label=Y))


def test_images_without_the_labels_that_a_model_needs():
    with pytest.raises(ValueError, match="this model needs label"):
        estimators.log_likelihood(build("seqvae-label"), slices(X), 3)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ({"picture": X}, "expected a dict with 'image', got keys"),
        (slices({"picture": X}), "expected a dict with 'image', got keys"),
        (slices(X[:, 0, 0, 0]), r"images \[H, W, C\] or of batches \[B, H, W, C\], got elements"),
        (slices(X).batch(2).batch(2), "got elements TensorSpec"),
        (slices(X[:, :, :, 0]), "got elements TensorSpec"),
        (slices(X[:, :, :, 0]).batch(8), r"expected images \[B, \*\(8, 8, 1\)\]"),
        (slices(X[:, :4]).batch(2), r"expected images \[B, \*\(8, 8, 1\)\] .*, 4, 8, 1"),
        (slices((255 * X).astype(np.uint8)), "got uint8: divide by 255"),
        (slices(X).repeat(), r"got one that repeats: use data\.take\(n\)"),
        (slices(X).take(0), "got an empty data set"),
        (slices(X).take(1), "expected at least 2 images, got 1"),
        (slices(255 * X), r"expected pixels in \[0, 1\]"),
    ],
)
def test_what_is_no_images_is_one_sentence(images, message, model):
    with pytest.raises(ValueError, match=message) as error:
        estimators.active_units(model, images)
    assert "\n" not in str(error.value)


def test_a_data_set_that_fails_while_it_is_read(model):
    def refuse(x):
        with tf.control_dependencies([tf.debugging.Assert(False, ["no such picture"])]):
            return tf.identity(x)

    with pytest.raises(ValueError, match="the data set cannot be read: no such picture"):
        estimators.active_units(model, slices(X).map(refuse))


def test_a_data_set_without_end_gives_its_first_rows(model):
    found = estimators.run_chains(model, slices(X).repeat(), 2, 3)
    assert_equal(found["noise"], estimators.run_chains(model, X, 2, 3)["noise"])


def test_a_data_set_that_is_too_large_is_refused(model, monkeypatch):
    monkeypatch.setattr(checks, "MEMORY_SHARE", 10**18)  # As if the memory were a few bytes.
    said = r"the images of a data set must take at most 0\.0 GiB.*use data\.take\(n\)"
    unread = slices(X).map(lambda x: tf.ensure_shape(tf.py_function(no_call, [x], x.dtype), IMAGE))
    with pytest.raises(ValueError, match=said):
        estimators.active_units(model, unread)  # Its length is known.
    with pytest.raises(ValueError, match=said):
        estimators.active_units(model, FORMS["generator"]())  # Its length is not.


def no_call(_):
    raise AssertionError("this must not be read")


def test_at_most_so_many_rows_are_read():
    rows, labels = gathered(slices({"image": X, "label": Y}).repeat().batch(4), most=6)
    np.testing.assert_array_equal(rows, X[:6])
    np.testing.assert_array_equal(labels, Y[:6])

"""A fixed q(z|x) (Eq. 5): the optimum of Prop. 1, a frozen network, one-hot draws, its file."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from export.card import of_run
from tfgvae import GVAE, seeds
from tfgvae.distributions.one_hot import OneHot
from tfgvae.layers.classifier import ClassifierNetwork

IMAGE, K = (8, 8, 1), 3
X = tf.round(seeds.batch_uniform(0, 60, IMAGE))
COMMAND = r"python -m train\.classifier"


def network(image_shape=IMAGE, num_classes=K):
    """An untrained classifier whose probabilities are near 0 or 1, as a trained one's."""
    made = ClassifierNetwork(image_shape, num_classes, width=4, dense=(6,), norm="batch")
    made._head.kernel.assign(4 * made._head.kernel)
    return made


def fixed_q(inference=None, **options):
    return GVAE(
        IMAGE,
        latent_dim=K,
        mapping={"name": "mlp", "dense": ()},
        inference=inference or {"name": "classifier", "network": network()},
        **{"regularizer": "none", **options},
    )


def probabilities(model):
    return tf.nn.softmax(model.inference.network(X)).numpy().astype(np.float64)


STEPS, REPEATS = 300, 20


@pytest.fixture(scope="module")
def trained():
    """(model, weights of the classifier before): each image with 20 draws of z in a step."""
    model = fixed_q()
    before = model.inference.network.get_weights()
    rate = keras.optimizers.schedules.CosineDecay(0.1, STEPS)
    model.compile(keras.optimizers.Adam(rate), jit_compile=False)
    rows = tf.repeat(X, REPEATS, axis=0)
    model.fit(tf.data.Dataset.from_tensors(rows).repeat(STEPS), verbose=0, shuffle=False)
    return model, before


def test_the_optimum_is_the_member_of_p_nearest_to_q_of_x_given_z(trained):
    """Prop. 1 with Bernoulli pixels: p(x_i = 1|z) = q(x_i = 1|z) = sum_x q(z|x) x_i / sum q(z|x).

    Frequencies over the last 10 steps, say, of 1200 rows, a third of which have a class z, have
    a standard error of sqrt(1/4 / 4000) = 0.008.
    """
    model, _ = trained
    q = probabilities(model)
    assert q.sum(0).min() > 3  # No class goes without images.
    conditional = np.einsum("nk,nhwc->khwc", q, X.numpy()) / q.sum(0)[:, None, None, None]
    np.testing.assert_allclose(model.decode(np.eye(K), mean=True), conditional, atol=5 * 0.008)
    # The classes differ by much more than that.
    assert np.abs(conditional[0] - conditional[1]).max() > 0.2


def test_nothing_of_the_classifier_moves(trained):
    model, before = trained
    for old, new in zip(before, model.inference.network.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    trainable = {id(w) for w in model.trainable_variables}
    assert not trainable & {id(w) for w in model.inference.weights}
    model.trainable = True
    with tf.GradientTape() as tape:
        model(X, training=True)
        loss = tf.add_n(model.losses)
    gradients = tape.gradient(loss, model.inference.network.trainable_variables)
    assert all(gradient is None for gradient in gradients)


def test_the_prior_is_the_aggregate_of_all_training_batches(trained):
    """Prop. 3: p(z) = q(z)."""
    model, _ = trained
    np.testing.assert_allclose(model.prior().mean(), probabilities(model).mean(0), atol=1e-4)
    z = model.prior_from_noise(seeds.batch_normal(1, 6000, (K,))).numpy()
    expected = model.prior().mean().numpy()
    error = np.abs(z.mean(0) - expected)
    assert (error < 5 * np.sqrt(expected * (1 - expected) / len(z))).all()
    untrained = fixed_q().prior()
    np.testing.assert_allclose(untrained.mean(), [1 / K] * K, rtol=1e-6)


def test_the_divergence_is_that_of_two_categoricals(trained):
    model, _ = trained
    q, p = probabilities(model), model.prior().mean().numpy().astype(np.float64)
    expected = (q * np.log(q / p)).sum(1)
    np.testing.assert_allclose(model(X)["kl"], expected, atol=1e-5)
    with_kl = fixed_q(regularizer="kl")
    terms = with_kl(X)
    np.testing.assert_allclose(terms["penalty"], terms["kl"], atol=1e-5)
    tfd = tfp.distributions
    known = tfd.kl_divergence(
        tfd.OneHotCategorical(logits=np.log(q)), tfd.OneHotCategorical(probs=p)
    )
    np.testing.assert_allclose(known, expected, atol=1e-6)


def test_one_hot_draws_follow_the_probabilities():
    """Within 5 standard errors each, of 20000; one of them is 1 in 1000."""
    p = np.array([0.001, 0.2, 0.3, 0.499], np.float32)
    n = 20000
    q = OneHot(logits=np.tile(np.log(p), (n, 1)), dtype=tf.float32)
    z = q.from_noise(seeds.batch_normal(2, n, (4,))).numpy()
    assert set(np.unique(z)) == {0, 1} and (z.sum(1) == 1).all()
    assert (np.abs(z.mean(0) - p) < 5 * np.sqrt(p * (1 - p) / n)).all()
    np.testing.assert_allclose(q.log_prob(z), np.log(z @ p), rtol=1e-5)
    np.testing.assert_allclose(q.stddev()[0] ** 2, p * (1 - p), rtol=1e-5)


def test_the_draw_is_the_class_of_the_largest_noise_when_all_are_equal():
    """Also where Phi(noise) rounds to 1, and where the largest number is beaten by the logits."""
    noise = tf.constant([[7.0, 8.0, 9.0], [-9.0, -8.0, -20.0], [0.0, 0.0, 1.0]])
    even = OneHot(logits=tf.zeros([3, 3]), dtype=tf.float32)
    np.testing.assert_array_equal(tf.argmax(even.from_noise(noise), -1), [2, 1, 2])
    sure = OneHot(logits=tf.constant([[1e3, 0.0, 0.0]] * 3), dtype=tf.float32)
    np.testing.assert_array_equal(tf.argmax(sure.from_noise(noise), -1), [0, 0, 0])


def test_images_that_leave_the_unit_interval_are_seen_as_the_nearest_that_do_not():
    model = fixed_q(family="gaussian")
    x = 3 * seeds.batch_normal(3, 4, IMAGE)
    expected = model.posterior(tf.clip_by_value(x, 0, 1)).mean()
    np.testing.assert_array_equal(model.posterior(x).mean(), expected)
    assert np.isfinite(model.gibbs_sample(num_samples=2, num_steps=3, seed=0)).all()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "classifier.keras"
    network().save(path)
    return path


def test_a_saved_model_does_not_need_the_classifiers_file(file, tmp_path):
    model = fixed_q({"name": "classifier", "checkpoint": str(file)})
    np.testing.assert_array_equal(model.inference.network(X), network()(X))
    model(X, training=True)
    model.save(tmp_path / "model.keras")
    file.unlink()
    copy = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(copy.prior().mean(), model.prior().mean())
    np.testing.assert_array_equal(copy.encode(X, seed=1), model.encode(X, seed=1))
    assert str(tmp_path) not in str(copy.get_config())


def damaged(file):
    file.write_bytes(file.read_bytes()[:-200])


def not_a_classifier(file):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(file)


def text(file):
    file.write_text("weights")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.unlink(), "no classifier at"),
        (damaged, "is damaged, or no .keras file"),
        (text, "is damaged, or no .keras file"),
        (not_a_classifier, "holds a Sequential, not the classifier"),
        (lambda file: network((9, 8, 1)).save(file), r"made for images \(9, 8, 1\), the model for"),
    ],
)
def test_a_file_that_is_no_classifier_for_this_model_is_refused(file, change, message):
    change(file)
    with pytest.raises(ValueError, match=f"{message}.*{COMMAND}"):
        fixed_q({"name": "classifier", "checkpoint": str(file)})


def test_a_classifier_is_needed_and_its_classes_are_the_latents():
    with pytest.raises(ValueError, match=f"needs a trained classifier.*{COMMAND}"):
        fixed_q("classifier")
    with pytest.raises(ValueError, match="needs a trained classifier"):
        fixed_q({"name": "classifier", "network": network(), "checkpoint": "file.keras"})
    with pytest.raises(ValueError, match="4 classes: latent_dim must be 4, got 3"):
        fixed_q({"name": "classifier", "network": network(num_classes=4)})


def test_the_card_does_not_say_where_the_file_was(tmp_path):
    config = '{"data": {"name": "mnist"}, "inference": {"checkpoint": "/some/where/c.keras"}}'
    (tmp_path / "config.json").write_text(config)
    assert of_run(tmp_path, 1)["run_config"]["inference"]["checkpoint"] == "c.keras"

"""Every metric of the table on every tiny model: it runs, or says in a sentence why not."""

import json

import numpy as np
import pytest

from tests.conformance.tiny_models import batch, build, components, images
from tests.evaluate.evaluated import SIZES
from tests.evaluate.page_checks import problems
from train.evaluate import plots
from train.evaluate.context import Context
from train.evaluate.features import Features
from train.evaluate.metrics import METRICS, meaning
from train.evaluate.section import NotApplicable, Picture, Section
from train.evaluate.settings import is_autoregressive
from train.evaluate.storage import Store


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """An untrained classifier of 8 x 8 images."""
    from tfgvae.layers.classifier import ClassifierNetwork

    path = tmp_path_factory.mktemp("classifier") / "network.keras"
    ClassifierNetwork((8, 8, 1), 3, width=4, dense=(6,)).save(path)
    return path


def context_of(key, classifier):
    model = build(key)
    data = batch(model, rows=SIZES["num_codes"])
    labels = np.asarray(data["label"]) if model.num_classes else None
    mean = model.family.has_mean and not model.family.discrete
    features = Features(classifier)
    settings = {**SIZES, "mean": mean, "classifier": features.identity}
    return Context(model, np.asarray(images(data)), labels, settings, 3, features)


# Every metric of a model traces many functions: those that tell the most, and all with --slow.
QUICK = {"gvae", "marginal"}
each = pytest.mark.parametrize(
    "key",
    [
        key if key in QUICK else pytest.param(key, marks=pytest.mark.slow)
        for key in components.MODELS
    ],
)


@each
def test_it_runs_or_says_why_not(key, classifier, tmp_path):
    context = context_of(key, classifier)
    store = Store(tmp_path, {})
    for name, metric in METRICS.items():
        context.used.clear()
        try:
            section = metric(context)
        except NotApplicable as why:
            assert str(why).endswith(".") and str(why)[0].isupper()
            continue
        section.check()
        assert section.numbers or section.pictures
        body = store.write(name, section, dict(context.used), 0.0)
        found, again = store.read(name, context.settings)
        assert again == body and found.as_dict() == json.loads(json.dumps(section.as_dict()))
        for number, plot in enumerate(section.plots):
            drawn = plots.svg(plot, f"{name}-{number}")
            assert problems(drawn) == [] and drawn.count("<svg") == 1


def test_a_model_without_a_latent_leaves_out_what_needs_one(classifier):
    context = context_of("marginal", classifier)
    for name in ("reconstruction", "mutual_information", "active_units", "aggregate_posterior"):
        with pytest.raises(NotApplicable, match="no latent"):
            METRICS[name](context)


def test_without_labels_there_are_no_features():
    context = context_of("gvae", None)
    for name in ("frechet", "precision_recall"):
        with pytest.raises(NotApplicable, match="no labels"):
            METRICS[name](context)


def test_meanings_are_sentences():
    for name in METRICS:
        assert meaning(name)[0].isupper() and meaning(name)[-1] in ".)"


def test_a_row_of_samples_is_the_models_own(classifier):
    context = context_of("gvae-label", classifier)
    drawn = context.samples("ancestral")
    labels = np.arange(len(drawn)) % context.model.num_classes
    own = context.model.ancestral_sample(
        len(drawn), context.seed_of("ancestral"), labels, context.setting("mean")
    )
    np.testing.assert_allclose(drawn, own, atol=1e-6)


def test_autoregressive_models_have_the_smaller_defaults():
    assert is_autoregressive(build("gvae-pixelcnn")) and not is_autoregressive(build("gvae"))


def test_the_store_keeps_a_picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    section = Section(pictures=[Picture("noise", "Noise.", pixels, "row")])
    store = Store(tmp_path, {"seed": 1})
    store.write("samples", section, {"grid": 2}, 1.0)
    found, _ = store.read("samples", {"grid": 2, "num_images": 3})
    np.testing.assert_array_equal(found.pictures[0].pixels, pixels)
    assert store.read("samples", {"grid": 3}) is None
    assert Store(tmp_path, {"seed": 2}).read("samples", {"grid": 2}) is None

"""Every metric of the table on every tiny model: it runs, or gives the reason listed here."""

import json

import numpy as np
import pytest

from tests.conformance.tiny_models import batch, build, components, images
from tests.evaluate.evaluated import SIZES
from tests.evaluate.page_checks import problems
from tfgvae.estimators import frechet_distance, mutual_information, sharpness
from train.evaluate import plots
from train.evaluate.context import Context
from train.evaluate.features import Features
from train.evaluate.metrics import METRICS
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


# Every metric of a model traces many functions: a few models by default, all with --slow.
QUICK = {"gvae", "marginal"}
each = pytest.mark.parametrize(
    "key",
    [
        key if key in QUICK else pytest.param(key, marks=pytest.mark.slow)
        for key in components.MODELS
    ],
)


# Metrics without a meaning: {model: {metric: reason}}. All others must run.
NO_LATENT = "This model has no latent variable z."
NO_GRADIENT = "The density of this model's z has no gradient."
NO_DENSITY = "This model's q(z|x) has no density."
NO_MEAN = "This model's q(z|x) has no mean in closed form."
_WITHOUT_LATENT = dict.fromkeys(
    (
        "reconstruction",
        "interpolation",
        "annealed_importance",
        "mutual_information",
        "active_units",
        "posterior_variance",
        "aggregate_posterior",
        "fitted_prior",
    ),
    NO_LATENT,
)
NO_VECTOR = (
    "The z of this model is a chain of steps; a prior can be fitted where z is one vector, "
    "as in gvae."
)
_CHAIN = {"fitted_prior": NO_VECTOR}
NO_CODES = "Here z is a chain of images: between two chains lie mixed pixels."
_TRAJECTORY = {
    "interpolation": NO_CODES,
    "annealed_importance": NO_GRADIENT,
    "active_units": NO_MEAN,
    **_CHAIN,
}
NO_STEPS = "This model has no steps with an image each."
_TIED = {"fitted_prior": "This model's p(z) is q(z): there is nothing to fit."}
WHY_NOT = {
    "gvae-corrupted": {"active_units": NO_MEAN, "posterior_variance": NO_DENSITY},
    "gvae-flow": {"active_units": NO_MEAN},
    "gvae-classifier": {"annealed_importance": NO_GRADIENT, **_TIED},
    "gvae-naive": _TIED,
    "infusion": _TRAJECTORY,
    "infusion-constant": _TRAJECTORY,
    "infusion-walkback": _TRAJECTORY,
    **dict.fromkeys((key for key in components.MODELS if key.startswith("seqvae")), _CHAIN),
    **{
        key: {"active_units": NO_MEAN, **_CHAIN}
        for key, made in components.MODELS.items()
        if isinstance(made, dict) and made.get("step_prior") == "conditional"
    },
    "marginal": _WITHOUT_LATENT,
    "marginal-label": _WITHOUT_LATENT,
    "marginal-pixelcnn": _WITHOUT_LATENT,
}


for _key in components.MODELS:
    if not _key.startswith("seqvae"):
        WHY_NOT[_key] = WHY_NOT.get(_key, {}) | {"by_step": NO_STEPS}


def test_the_table_of_reasons_knows_models_and_metrics():
    assert set(WHY_NOT) <= set(components.MODELS)
    assert all(set(reasons) <= set(METRICS) for reasons in WHY_NOT.values())


@each
def test_it_runs_or_gives_the_listed_reason(key, classifier, tmp_path):
    context = context_of(key, classifier)
    store, found_reasons = Store(tmp_path, {}), {}
    for name, metric in METRICS.items():
        context.used.clear()
        try:
            section = metric(context)
        except NotApplicable as why:
            found_reasons[name] = str(why)
            continue
        section.check()
        assert section.numbers or section.pictures
        body = store.write(name, section, dict(context.used), 0.0)
        found, again = store.read(name, context.settings)
        assert again == body and found.as_dict() == json.loads(json.dumps(section.as_dict()))
        for number, plot in enumerate(section.plots):
            drawn = plots.svg(plot, f"{name}-{number}")
            assert problems(drawn) == [] and drawn.count("<svg") == 1
    assert found_reasons == WHY_NOT.get(key, {})


@pytest.mark.parametrize(
    ("key", "size"), [("gvae", "num_codes"), ("seqvae-conditional", "num_walked")]
)
def test_fewer_images_are_paired_where_q_walks_a_chain(key, size, classifier):
    context = context_of(key, classifier)
    images = context.images("num_codes")[: SIZES[size]]
    context.used.clear()
    np.testing.assert_array_equal(context.paired_images(), images)
    assert context.used == {size: SIZES[size]}


def test_numbers_are_those_of_the_images_and_the_model(classifier):
    """Each by its definition, computed again here from the context's images and seeds."""
    context = context_of("gvae", classifier)
    model, images = context.model, context.images()

    def value(metric, name):
        return METRICS[metric](context).numbers[name].estimate.value

    rows = context.rows("reconstruction", len(images))
    rebuilt = model.reconstruct(images, rows, mean=True)
    error = np.mean((images - rebuilt) ** 2)
    np.testing.assert_allclose(value("reconstruction", "squared_error"), error, rtol=1e-5)
    np.testing.assert_allclose(
        value("reconstruction", "variance_of_data"), images.var(axis=0).mean(), rtol=1e-5
    )
    bound = model.log_likelihood(images, SIZES["num_samples"], context.seed_of("log_likelihood"))
    np.testing.assert_allclose(value("log_likelihood", "log_likelihood"), np.mean(bound), rtol=1e-5)
    codes = context.images("num_codes")
    spread = np.var(model.posterior(codes).mean(), axis=0, ddof=1)
    assert value("active_units", "active") == (spread > 0.01).sum()
    # Of binary pixels p the variance is p (1 - p), summed over the image.
    plain = images.reshape(len(images), -1).var(axis=0, ddof=1).sum()
    assert 0 <= value("posterior_variance", "total_variance") <= plain
    assert value("mutual_information", "cap") == np.log(SIZES["num_codes"])


@pytest.mark.slow
def test_training_images_give_the_bound_of_a_critic(classifier, monkeypatch):
    monkeypatch.setattr("tfgvae.estimators.critic.STEPS", 3)
    context = context_of("gvae-corrupted", classifier)
    context.settings["num_critic"] = 20
    training = context.images("num_codes")[::-1][:20]
    context._training = lambda count: training[:count]
    seed = context.seed_of("mutual_information")
    found = METRICS["mutual_information"](context).numbers["lower"]
    codes = context.images("num_codes")
    own = mutual_information(context.model, codes, seed, training_images=training).lower
    assert found.estimate.value == own.value and "a trained critic" in found.meaning
    assert context.used["num_critic"] == 20
    plain = context_of("gvae", classifier)
    plain.settings["num_critic"] = 20
    with pytest.raises(NotApplicable, match="density of this"):
        METRICS["mutual_information"](plain)


@pytest.mark.slow
def test_a_fitted_prior_is_that_of_the_other_images_and_is_taken_back(classifier):
    context = context_of("gvae", classifier)
    model, own = context.model, context.model.latent_prior
    rows = context.rows("ancestral", SIZES["num_generated"])
    before = model.ancestral_sample(len(rows), rows, mean=context.setting("mean"))
    found = METRICS["fitted_prior"](context).numbers
    assert model.latent_prior is own
    after = model.ancestral_sample(len(rows), rows, mean=context.setting("mean"))
    np.testing.assert_array_equal(before, after)

    bounds = []
    others = context.images("num_codes")[SIZES["num_images"] :]
    for _ in range(2):
        seed = context.seed_of("log_likelihood")
        bounds.append(model.log_likelihood(context.images(), SIZES["num_samples"], seed))
        log_density = model.fit_prior(others, seed=context.seed_of("fitted_prior"), components=1)
    assert found["log_prior"].estimate.value == log_density.value
    gain = np.mean(bounds[1] - bounds[0])
    np.testing.assert_allclose(found["gain"].estimate.value, gain, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("key", ["seqvae", "seqvae-label"])
def test_the_last_step_is_the_model(key, classifier):
    context = context_of(key, classifier)
    model, images, labels = context.model, context.images(), context.labels()
    rows = context.rows("by_step", len(images))
    given = {} if labels is None else {"label": labels}
    rebuilt = model.reconstruct(images, rows, mean=True, **given)
    steps, numbers = model.num_steps, METRICS["by_step"](context).numbers

    def value(name):
        return numbers[f"{name}_step_{steps}"].estimate.value

    error = np.square(images - rebuilt).sum(axis=(1, 2, 3)).mean()
    np.testing.assert_allclose(value("squared_error"), error, rtol=1e-5)
    rows = context.rows("steps", SIZES["num_generated"])
    given = context.label_argument(len(rows))
    drawn = model.ancestral_sample(len(rows), rows, mean=context.setting("mean"), **given)
    own = sharpness(np.asarray(drawn)).laplacian_variance.value
    np.testing.assert_allclose(value("laplacian_variance"), own, rtol=1e-5)
    distance = frechet_distance(
        context.embed(np.asarray(drawn)),
        context.features("data"),
        context.seed_of("frechet/by_step"),
    )
    np.testing.assert_allclose(value("frechet"), distance.value, rtol=1e-3)


def test_a_sharpness_of_the_data_is_that_of_a_discrete_laplacian(classifier):
    context = context_of("gvae", classifier)
    x = context.images()[..., 0]
    inner = x[:, 1:-1, 1:-1]
    laplacian = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:] - 4 * inner
    found = METRICS["sharpness"](context).numbers["laplacian_variance_data"].estimate.value
    np.testing.assert_allclose(found, laplacian.var(axis=(1, 2)).mean(), rtol=1e-5)


def test_without_labels_there_are_no_features():
    context = context_of("gvae", None)
    for name in ("frechet", "precision_recall"):
        with pytest.raises(NotApplicable, match="no labels"):
            METRICS[name](context)


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

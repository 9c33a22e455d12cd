"""The mathematics of the experiments' own numbers."""

import json
import math
import types

import numpy as np
import pytest
import scipy.stats

from tests.conformance.tiny_models import build
from tfgvae import seeds
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.posterior_variance import posterior_variance
from train.evaluate.metrics.by_step import reconstructed
from train.reproduce import by_step, figure2, figure4, preference, results


def test_rank_correlation_and_its_error():
    rng = np.random.default_rng(0)
    n, repeats, slope = 200, 1000, 0.8
    found = []
    for _ in range(repeats):
        a = rng.normal(size=n)
        found.append(figure2.rank_correlation(a, slope * a + rng.normal(size=n)))
    values, errors = np.transpose(found)
    # Spearman's rho of a normal pair with correlation r is (6 / pi) asin(r / 2).
    r = slope / math.hypot(1, slope)
    expected = 6 / math.pi * math.asin(r / 2)
    spread = values.std(ddof=1)
    # The estimate has a bias of order 1 / n.
    assert abs(values.mean() - expected) < 5 * spread / math.sqrt(repeats) + 1 / n
    # The standard deviation of a standard deviation over R repeats is spread / sqrt(2 R); the
    # formula of the error is an approximation of its own, good to some per cent.
    assert abs(errors.mean() / spread - 1) < 5 / math.sqrt(2 * repeats) + 0.05


def test_the_lattice_goes_from_the_top_left_to_the_bottom_right():
    points = figure2.square(3)
    e = figure2.EXTENT
    np.testing.assert_allclose(points[[0, 1, 2, 8]], [[-e, e], [0, e], [e, e], [e, -e]])


@pytest.mark.parametrize(
    ("available", "of_codes", "expected"), [(90, 10, 20), (25, 10, 17), (9, 10, 6)]
)
def test_the_bounds_of_information_take_other_images_than_the_critic(
    monkeypatch, available, of_codes, expected
):
    images, counts = np.arange(available), {}

    class Found:
        lower = least_upper = None

    def measured(model, images, seed, training_images, leave_one_out):
        assert not set(images) & set(training_images)
        counts["images"], counts["all"] = len(images), len(images) + len(training_images)
        return Found

    monkeypatch.setattr(preference.tfgvae, "load", lambda folder: None)
    monkeypatch.setattr(preference, "mutual_information", measured)
    context = types.SimpleNamespace(
        images=lambda folder, split, count: images[:count], seed=0, say=lambda line: None
    )
    settings = preference.Settings({}, 1, 1, 1, (1,), num_codes=of_codes, num_compared=20)
    preference.compared(context, "folder", "corrupted", settings)
    assert counts == {"images": expected, "all": min(available, 30)}


@pytest.fixture(scope="module")
def chain():
    return build("seqvae")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).uniform(size=(40, 8, 8, 1)).astype(np.float32)


def test_all_steps_are_the_model(chain, images):
    z = chain.encode(images, seed=0)
    steps = by_step.first_steps(chain, chain.latent_shape[0])
    np.testing.assert_allclose(
        steps(images).log_prob(z), chain.posterior(images).log_prob(z), rtol=1e-6
    )


def test_the_first_step_is_bayes_rule_by_enumeration(chain, images):
    z = chain.encode(images[:5], seed=0).numpy()
    first = by_step.first_steps(chain, 1)
    found = posterior_variance(chain, images, z[:, :1], posterior=first)
    q = chain.posterior(images).distribution
    loc, scale = q.loc.numpy()[:, 0].astype(float), q.scale.numpy()[:, 0].astype(float)
    flat = images.reshape(len(images), -1).astype(float)
    for k in range(5):
        log_q = scipy.stats.norm.logpdf(z[k, 0], loc, scale).sum(axis=-1)
        weights = np.exp(log_q - log_q.max())
        weights /= weights.sum()
        mean = weights @ flat
        expected = weights @ np.square(flat - mean).sum(axis=-1)
        np.testing.assert_allclose(found.total[k], expected, rtol=1e-3)


def test_reconstructions_end_with_the_model_s_own(chain, images):
    rebuilt = reconstructed(chain, images, seeds.rows(5, len(images)))
    np.testing.assert_allclose(rebuilt[:, -1], chain.reconstruct(images, 5, mean=True), atol=1e-5)


def test_falls():
    assert figure4.falls([Estimate(3.0), Estimate(2.0), Estimate(1.0)])
    assert not figure4.falls([Estimate(3.0), Estimate(1.0), Estimate(1.0)])


def test_what_json_cannot_say_becomes_null():
    value = {"a": np.float32("nan"), "b": [np.int64(3), math.inf], "c": Estimate(1.0)}
    found = json.loads(json.dumps(results.plain(value), allow_nan=False))
    assert found["a"] is None and found["b"] == [3, None]
    assert found["c"]["value"] == 1.0 and found["c"]["standard_error"] is None


def test_a_csv_row_has_a_column_for_each_standard_error():
    text = results.as_csv([{"step": 1, "error": Estimate(2.0, 0.5)}, {"step": 2, "other": 3}])
    assert text.splitlines() == ["step,error,error_standard_error,other", "1,2.0,0.5,", "2,,,3"]


def test_a_run_that_was_stopped_is_measured_where_it_has_a_validation_row(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    for step in (200, 307, 400):  # It was stopped at step 307, between two validations.
        (tmp_path / "checkpoints" / f"step_{step:08d}.keras").touch()
    splits = (("train", 307), ("validation", 200), ("validation", 400), ("validation", 600))
    rows = [json.dumps({"split": split, "step": step}) for split, step in splits]
    (tmp_path / "metrics.jsonl").write_text("\n".join(rows) + "\n")
    assert list(preference.validated(tmp_path)) == [200, 400]

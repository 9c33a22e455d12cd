"""Version folders: complete or absent, never overwritten; and their contents."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

import tfgvae
from export import bundle, warmup
from export.examples import example
from export.layout import read_card, versions, warmup_path
from tests.export import served
from tests.export.served import exported, loaded
from train import unfinished


@pytest.fixture
def quick(monkeypatch):
    """Exports of one small function: the signatures are not what is tested."""

    def one_signature(model, *_):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, "seed")])
        def first_weight(seed):
            return {"samples": tf.cast(seed, tf.float32) * tf.reduce_sum(model.theta)}

        return {"ancestral_sample": first_weight.get_concrete_function()}

    monkeypatch.setattr(bundle, "signatures", one_signature)


@pytest.fixture
def model():
    return tfgvae.Marginal((8, 8, 1))


def test_the_next_export_has_the_next_number(quick, model, tmp_path):
    base = tmp_path / "served" / "pixels"
    assert tfgvae.export(model, base) == base / "1"
    first = {path: path.read_bytes() for path in base.rglob("*") if path.is_file()}
    assert {path.name for path in first} >= {"saved_model.pb", "model_card.json"}
    assert bundle.write_version(model, base) == base / "2"
    (base / "10").mkdir()
    assert bundle.write_version(model, base) == base / "11"
    assert all(path.read_bytes() == data for path, data in first.items())
    assert versions(base) == [1, 2, 10, 11]
    assert sorted(os.listdir(base)) == ["1", "10", "11", "2"]


def test_a_number_that_another_export_took_meanwhile_is_left_to_it(
    quick, model, tmp_path, monkeypatch
):
    bundle.write_version(model, tmp_path)
    answers = iter([[], [1]])
    monkeypatch.setattr(bundle, "versions", lambda base: next(answers))
    assert bundle.write_version(model, tmp_path) == tmp_path / "2"


@pytest.mark.parametrize("step", ["_save", "_write_extra", "_sync", "_publish"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_export_that_fails_leaves_nothing(quick, model, tmp_path, monkeypatch, step, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(bundle, step, fail)
    with pytest.raises(type(error)):
        bundle.write_version(model, tmp_path)
    assert os.listdir(tmp_path) == []


def test_no_version_can_be_seen_before_it_is_whole(quick, model, tmp_path, monkeypatch):
    """At every step of an export, a server that looks sees no folder whose name is a number."""
    seen = []
    for step in ("_save", "_write_extra", "_sync", "_publish"):
        original = getattr(bundle, step)

        def watched(*arguments, _original=original):
            seen.append(versions(tmp_path))
            return _original(*arguments)

        monkeypatch.setattr(bundle, step, watched)
    bundle.write_version(model, tmp_path)
    assert seen == [[]] * 4 and versions(tmp_path) == [1]


KILLED = """
import sys, tfgvae
from export import bundle

bundle._sync = lambda folder: print("written", flush=True) or sys.stdin.read()
tfgvae.export(tfgvae.Marginal((8, 8, 1)), sys.argv[1])
"""


@pytest.mark.slow
def test_a_killed_export_leaves_no_version(model, tmp_path):
    """It is killed when all is written and only the name is missing."""
    env = {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[2])}
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=env, **pipes) as process:
        assert process.stdout.readline() == "written\n"
        process.kill()
    assert list(tmp_path.rglob("saved_model.pb")) and versions(tmp_path) == []
    assert tfgvae.export(model, tmp_path) == tmp_path / "1"


@pytest.mark.parametrize("prefix", [".exporting-", ".removing-"])
def test_the_next_export_removes_what_a_killed_one_left(quick, model, tmp_path, prefix):
    (tmp_path / f"{prefix}{'0' * 32}" / "variables").mkdir(parents=True)
    (tmp_path / f"{prefix}{'1' * 32}" / "somebody's").mkdir(parents=True)
    with unfinished.new_folder(tmp_path, prefix) as running:
        tfgvae.export(model, tmp_path)
        assert set(os.listdir(tmp_path)) == {"1", running.name, f"{prefix}{'1' * 32}"}


def test_examples_keep_to_a_limit_of_one_step():
    inputs = {"num_steps": {"dtype": "int32", "shape": [None]}}
    for limit, steps in ((1, 1), (2, 2), (9, 2)):
        made = example(inputs, 3, {"max_num_steps": limit})["num_steps"]
        np.testing.assert_array_equal(made, [steps] * 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(model, tmp_path, value):
    theta = model.theta.numpy()
    theta[..., 3, 2, 0] = value
    model.theta.assign(theta)
    message = f"got 1 of 64 that are NaN or infinite in {model.theta.path}"
    with pytest.raises(ValueError, match=message):
        tfgvae.export(model, tmp_path / "pixels")
    assert os.listdir(tmp_path) == []


def test_an_empty_name_is_refused(model):
    with pytest.raises(ValueError, match="expected the folder of a model, got an empty name"):
        tfgvae.export(model, "")


def test_limits_are_numbers(model, tmp_path):
    for options in (
        {"max_num_steps": 0},
        {"num_samples": 1.5},
        {"num_samples": 10**9},
        {"max_rows": 0},
    ):
        with pytest.raises(ValueError, match="must be an integer"):
            tfgvae.export(model, tmp_path, **options)


@pytest.mark.slow
def test_warmup_requests_replay_and_cover_every_signature():
    _, folder = exported("marginal-label")
    requests = warmup.read(warmup_path(folder))
    signatures = loaded("marginal-label")
    rows = {(name, len(next(iter(inputs.values())))) for name, inputs in requests}
    names = set(signatures) - {"serving_default"}
    assert rows == {(name, size) for name in names for size in served.LIMITS.batch_sizes}
    for name, inputs in requests:
        outputs = served.call(signatures[name], inputs)
        for value in outputs.values():
            assert len(value) == len(next(iter(inputs.values()))) and np.isfinite(value).all(), name


def test_warmup_requests_are_those_of_the_servers_own_protocol():
    _, folder = exported("marginal-label")
    records = tf.data.TFRecordDataset(str(warmup_path(folder))).as_numpy_iterator()
    for record, (name, inputs) in zip(records, warmup.read(warmup_path(folder)), strict=True):
        log = prediction_log_pb2.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "marginal-label"
        assert request.model_spec.signature_name == name
        assert set(request.inputs) == set(inputs)
        for key, value in inputs.items():
            np.testing.assert_array_equal(tf.make_ndarray(request.inputs[key]), value)
        # No unknown fields of the protocol.
        again = prediction_log_pb2.PredictionLog()
        again.predict_log.request.CopyFrom(request)
        again.DiscardUnknownFields()
        assert again == log


def test_weights_that_are_nowhere_else_do_not_hinder(tmp_path):
    """Only what the signatures use is stored: no counter, no optimizer, no regularizer."""
    model = tfgvae.Marginal((8, 8, 1), num_classes=2)
    model.compile(keras.optimizers.Adam())
    model.fit({"image": np.zeros([4, 8, 8, 1], np.float32), "label": np.zeros(4, int)}, verbose=0)
    folder = tfgvae.export(model, tmp_path / "a")
    stored = tf.train.list_variables(str(folder / "variables" / "variables"))
    shapes = [tuple(shape) for name, shape in stored if "OBJECT_GRAPH" not in name]
    assert shapes == [(2, 8, 8, 1)]
    card = read_card(folder)
    assert card["training_step"] == 1
    assert set(card["signatures"]) == {"ancestral_sample", "log_likelihood"}

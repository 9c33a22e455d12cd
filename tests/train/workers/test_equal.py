"""One process, two replicas of one process and two workers end with the same weights."""

import numpy as np
import pytest
import tensorflow as tf

from tests.train.workers import launch, training
from train.loop import train_and_evaluate

PROGRAM = ["-m", "tests.train.workers.program"]


def arrays(folder, *keys, workers=2, **environment):
    """What two workers computed for each key: {key: {name: array}}. They have the same values."""
    launch.run([*PROGRAM, str(folder / "worker"), *keys], workers, **environment)
    found = []
    for index in range(workers):
        with np.load(folder / f"worker.{index}.npz") as file:
            flat = {name: file[name] for name in file.files}
        by_key = {key: {} for key in keys}
        for name, value in flat.items():
            key, _, rest = name.partition("|")
            by_key[key][rest] = value
        found.append(by_key)
    for other in found[1:]:
        for key in keys:
            for name, value in found[0][key].items():
                np.testing.assert_array_equal(other[key][name], value, err_msg=f"{key} {name}")
    return found[0]


def silent(line):
    pass


def assert_same_weights(folder, other):
    """The last checkpoints of two runs, up to float rounding."""
    for ours, theirs in zip(training.weights(folder, 4), training.weights(other, 4), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5)


def check(found, key, *strategies):
    for strategy in strategies:
        training.assert_same(training.trained(key, strategy), found[key], key)


@pytest.mark.slow
def test_two_workers_train_as_one_process(tmp_path, mirrored):
    """`fit`, `evaluate` and `predict` of a model, a run of train.run's loop, a user's arrays."""
    key = "R=mmd"
    found = arrays(tmp_path, "keras", key, "arrays", "refused", "run")
    # If this fails, a later Keras trains on several workers by itself: which parts of
    # tfgvae/models/worker_methods.py are still needed? "fit": its symbolic build. "logs": the means
    # of a step's logs.
    assert found["keras"] == {"fit": True, "logs": True}
    one = tf.distribute.get_strategy()
    check(found, key, one, mirrored)
    assert found["refused"] == {"seeds": True, "weights": True}
    for name, value in training.on_arrays(one).items():
        if name.startswith("in order"):
            np.testing.assert_allclose(found["arrays"][name], value, rtol=1e-5, err_msg=name)
        else:  # Keras shuffles in another order: not the same numbers.
            assert np.all(np.isfinite(found["arrays"][name])) and value.shape
    # Two replicas, too, so that the batches of the evaluation have as many rows.
    _, metrics = train_and_evaluate(training.config(), tmp_path / "one", mirrored, say=silent)
    assert {k: float(v) for k, v in found["run"].items()} == pytest.approx(metrics, rel=1e-5)
    assert_same_weights(tmp_path / "run", tmp_path / "one")
    assert not [path for path in (tmp_path / "run").rglob("*") if "writing" in path.name]


@pytest.mark.slow
@pytest.mark.parametrize("keys", training.GROUPS, ids=lambda keys: keys[0])
def test_every_model_and_every_regularizer(tmp_path, mirrored, keys):
    found, wrong = arrays(tmp_path, *keys), []
    for key in keys:
        try:
            check(found, key, tf.distribute.get_strategy(), mirrored)
        except AssertionError as error:  # The other models, too.
            wrong.append(str(error))
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_two_workers_of_two_replicas(tmp_path):
    """Rows keep the order of the replicas, which TensorFlow's own division does not."""
    keys = ["gvae", "gvae-label", "R=mmd", "R=stein", "run"]
    found = arrays(tmp_path, *keys, DEVICES="2")
    for key in keys[:-1]:
        check(found, key, tf.distribute.get_strategy())
    train_and_evaluate(training.config(), tmp_path / "one", "one", say=silent)
    assert_same_weights(tmp_path / "run", tmp_path / "one")

"""The default of max_num_steps follows from the measured time of a step; batches by model."""

import re

import numpy as np
import pytest
import tensorflow as tf

import tfgvae
from export import batching, bundle, cost
from export.layout import read_card
from export.limits import Limits
from tests.conformance.tiny_models import build
from tests.export import served
from tests.export.served import exported


@pytest.mark.parametrize(
    ("seconds", "steps"),
    [(None, 200), (1e-6, 200), (0.1, 200), (0.100001, 199), (1.0, 20), (20.0, 1), (500.0, 1)],
)
def test_the_longest_chain_keeps_to_the_budget(seconds, steps):
    assert cost.longest_chain(seconds) == steps


@pytest.mark.slow
def test_a_slow_step_lowers_the_limit_of_the_graph(tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "seconds_per_step", lambda *_: 2.5)
    folder = tfgvae.export(build("gvae"), tmp_path / "slow", batch_sizes=(1, 2))
    card = read_card(folder)
    assert card["limits"]["max_num_steps"] == 8
    assert card["measured"]["longest_chain_seconds"] == pytest.approx(20.0)
    assert "about 20.0 s" in " ".join(card["costs"])
    signature = tf.saved_model.load(str(folder)).signatures["gibbs_from_noise"]
    seed = tf.constant([1], tf.int64)
    assert signature(seed=seed, num_steps=tf.constant([8]))["samples"].shape[0] == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"num_steps must be in 1\.\.8"):
        signature(seed=seed, num_steps=tf.constant([9]))


def test_a_given_limit_is_kept(monkeypatch):
    monkeypatch.setattr(cost, "seconds_per_step", lambda *_: 2.5)
    limits = Limits(max_num_steps=40, batch_sizes=(1,))
    _, _, kept, costs = bundle._traced(tfgvae.Marginal((8, 8, 1)), limits, False)
    assert kept.max_num_steps == 40 and costs.longest_chain_seconds == pytest.approx(100.0)


def test_the_card_has_what_was_measured():
    card = read_card(exported("gvae")[1])
    measured = card["measured"]
    assert measured["rows"] == 3 and measured["warmup_seconds"] > 0
    longest = measured["seconds_per_step"] * served.LIMITS.max_num_steps
    assert measured["longest_chain_seconds"] == pytest.approx(longest)
    assert len(card["costs"]) == 2


def test_a_model_without_latents_has_no_chain():
    card = read_card(exported("marginal-pixelcnn")[1])
    assert card["measured"]["seconds_per_step"] is None and len(card["costs"]) == 1


def test_a_version_has_its_own_batches():
    text = (exported("gvae")[1] / batching.FILE).read_text()
    assert re.findall(r"^allowed_batch_sizes: (\d+)$", text, re.MULTILINE) == ["1", "3"]
    assert "max_batch_size { value: 3 }" in text


@pytest.mark.parametrize("sizes", [(), (0,), (2, 1), (1, 1), (1.5,), (True,), (1, np.nan)])
def test_batch_sizes_increase(sizes):
    with pytest.raises(ValueError, match="batch_sizes must be integers >= 1 in increasing order"):
        Limits(batch_sizes=sizes)


def test_a_batch_has_no_more_rows_than_a_request_may():
    with pytest.raises(ValueError, match="max_rows must be >= 64"):
        Limits(max_rows=63)
    assert Limits(max_rows=3, batch_sizes=(1, 3)).max_rows == 3

"""Intervals, evaluation batches, grids, metrics.jsonl, the progress bar."""

import io
import json
import threading

import numpy as np
import pytest

import configs
from tfgvae import GVAE, Marginal, seeds
from train import pictures, strategies, workdir
from train.callbacks.clock import intervals
from train.callbacks.first_step import SayGraph
from train.errors import SetupError
from train.progress import ProgressBar, duration


@pytest.mark.parametrize("start", [0, 1, 9, 10, 13, 20, 24, 25])
def test_intervals_end_at_multiples_whatever_the_start(start):
    total, every = 25, 10
    step, ends = start, []
    for first, last, length in intervals(start, total, every):
        assert first == step // every
        for _ in range(first, last):
            step += length
            ends.append(step)
    assert ends == [end for end in (10, 20, 25) if end > start]


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_evaluation_batches_leave_no_replica_empty(replicas):
    for count in range(1, 60):
        size = strategies.evaluation_batch_size(count, 16, replicas)
        if size is None:
            continue
        assert size % replicas == 0
        rest = count % size or size
        part = size // replicas
        shares = [min(part, max(0, rest - r * part)) for r in range(replicas)]
        assert min(shares) > 0
    assert strategies.evaluation_batch_size(60, 16, 1) == 16


@pytest.mark.parametrize("batch_size", [1, 2, 3, 8, 16])
def test_evaluation_batches_have_two_rows_and_cover_the_split(batch_size):
    for count in range(2, 300):
        size = strategies.evaluation_batch_size(count, batch_size, 1)
        assert 2 <= size <= max(2 * batch_size, 16)
        assert (count % size or size) >= 2
    assert strategies.evaluation_batch_size(1, batch_size, 1) == 1


def test_a_batch_that_does_not_divide_is_refused():
    class Three:
        num_replicas_in_sync = 3

    strategies.check_batch_size(Three, 9)
    with pytest.raises(ValueError, match="multiple of the 3 replicas, got 8"):
        strategies.check_batch_size(Three, 8)
    with pytest.raises(ValueError, match="auto, mirrored, multiworker, one"):
        strategies.make("two")


def test_a_grid_has_each_image_at_its_place():
    images = np.zeros([2, 3, 8, 8, 1], np.float32)
    images[1, 2] = 1.0
    images[0, 0, 0, 0] = 7.0  # Clipped.
    drawn = pictures.grid(images)
    side, gap = 8 * pictures.enlargement(8, 8), pictures.SEPARATOR
    assert drawn.shape == (2 * (side + gap) + gap, 3 * (side + gap) + gap, 3)
    corner = drawn[side + 2 * gap : -gap, 2 * side + 3 * gap : -gap]
    assert corner.shape == (side, side, 3) and (corner == 255).all()
    assert (drawn[gap : gap + 6, gap : gap + 6] == 255).all() and drawn[gap + 6, gap].max() == 0
    assert (drawn[:gap] == pictures.BACKGROUND).all()


def test_a_grid_keeps_colours():
    images = np.zeros([1, 1, 64, 64, 3], np.float32)
    images[..., 1] = 0.5
    gap = pictures.SEPARATOR
    assert (pictures.grid(images)[gap:-gap, gap:-gap] == [0, 128, 0]).all()


def test_metrics_after_the_resumed_step_are_dropped(tmp_path):
    file = workdir.MetricsFile(tmp_path)
    file.rewind(0)
    for step in (1, 2, 3):
        file.append(step, "train", {"loss": float(step)})
    with open(file.path, "a") as out:
        out.write('{"step": 4, "spl')  # Killed in the middle of a line.
    file.rewind(2)
    rows = [json.loads(line) for line in file.path.read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2]
    assert file.has(2, "train") and not file.has(2, "test") and not file.has(3, "train")


def test_a_run_folder_is_for_one_process(tmp_path):
    said = f"another process is training in {tmp_path}"
    with workdir.lock(tmp_path), pytest.raises(SetupError, match=said), workdir.lock(tmp_path):
        pass
    with workdir.lock(tmp_path):
        pass


def test_the_plane_of_a_model_with_classes_is_that_of_class_0():
    model = GVAE((8, 8, 1), 2, mapping="mlp", inference="gaussian", num_classes=3, seed=0)
    drawn = pictures.plane(model, {}, 5, None)
    labels = np.zeros(pictures.PLANE**2, np.int32)
    expected = model.decode(pictures.plane_latents(), 5, labels, mean=True)
    np.testing.assert_array_equal(np.reshape(drawn, expected.shape), expected)


def test_a_model_without_latents_draws_samples_only():
    config = configs.get_config("pixelcnn")
    config.pictures.num, batch = 2, {"image": np.zeros((2, 8, 8, 1), np.float32)}
    drawn = dict(pictures.grids(Marginal((8, 8, 1), family="bernoulli"), config, batch))
    assert list(drawn) == ["ancestral"] and drawn["ancestral"].shape[2] == 3


def test_pictures_share_no_noise_with_training():
    drawn = {pictures.picture_seed(5, index) for index in range(len(pictures.PICTURES))}
    model = {int(seeds.fold_in(5, stream)) for stream in range(100)}
    assert len(drawn) == len(pictures.PICTURES) and not drawn & model


def test_the_bar_counts_only_the_steps_of_this_process(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("train.progress.time.monotonic", lambda: now[0])
    bar = ProgressBar(1000, io.StringIO())
    bar.tick(901)
    now[0] += 10.0
    bar.tick(911)
    bar.show(911, {"loss": 2.0})
    assert "step 911/1000" in bar.stream.getvalue()
    assert "1:29 left  loss 2.00" in bar.stream.getvalue()
    assert duration(3723) == "1:02:03"


def test_a_line_says_that_the_graph_is_being_built_if_the_first_step_is_slow():
    said, building = [], threading.Event()

    def say(line):
        said.append(line)
        building.set()

    slow, quick = SayGraph(say, after=0.0), SayGraph(said.append, after=1e6)
    slow.on_train_batch_begin(0)
    assert building.wait(timeout=60)
    slow.on_train_batch_end(0)
    slow.on_train_batch_begin(1)
    slow.on_train_batch_end(1)
    quick.on_train_batch_begin(0)
    quick.on_train_batch_end(0)
    assert len(said) == 2 and said[0].startswith("Building the graph")
    assert said[1].startswith("The first step took")


def test_after_an_error_in_the_first_step_no_line_comes():
    said = []
    with pytest.raises(ValueError), SayGraph(said.append, after=1e6) as graph:
        graph.on_train_batch_begin(0)
        raise ValueError
    assert graph._timer is None and not said

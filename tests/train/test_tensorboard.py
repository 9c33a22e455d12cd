"""TensorBoard's files: repeated steps are shown once; a full disk is an error message."""

import resource

import numpy as np
import pytest
import tensorflow as tf

from train.callbacks import events
from train.callbacks.logs import Summaries


def shown(folder, split):
    """{tag: steps} as TensorBoard reads a folder of events."""
    name = "tensorboard.backend.event_processing.plugin_event_accumulator"
    accumulator = pytest.importorskip(name).EventAccumulator(str(folder / "tensorboard" / split))
    accumulator.Reload()
    tags = accumulator.Tags()["tensors"]
    return {tag: [event.step for event in accumulator.Tensors(tag)] for tag in tags}


def write(folder, steps):
    summaries = Summaries(folder)
    for step in steps:
        summaries.scalars(step, "train", {"loss": float(step), "kl_0": None})
        summaries.image(step, "grid", np.zeros((4, 4, 3), np.uint8))
    summaries.flush()


@pytest.fixture
def clock(monkeypatch):
    """A dict {"now": seconds} that the event files take for the clock."""
    now = {"now": 1.7e9}
    monkeypatch.setattr(events.time, "time", lambda: now["now"])
    return now


def times(folder, split):
    """The times of all events of a folder, in the order in which TensorBoard reads them."""
    found = []
    for path in sorted((folder / "tensorboard" / split).iterdir()):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            found.append(tf.compat.v1.Event.FromString(record).wall_time)
    return found


# Seconds from one sitting to the next: the clock goes on, stands still, or goes back.
@pytest.mark.parametrize("later", [60, 0, -60, -90_000])
def test_steps_after_the_resumed_one_are_shown_once(tmp_path, clock, later):
    for resumed, steps in ((0, [1, 2, 3, 4]), (2, [3, 4, 5]), (3, [4, 5])):
        Summaries(tmp_path).rewind(resumed)
        write(tmp_path, steps)
        clock["now"] += later
    assert shown(tmp_path, "train") == {"terms/loss": [1, 2, 3, 4, 5]}
    assert shown(tmp_path, "samples") == {"grid": [1, 2, 3, 4, 5]}
    assert times(tmp_path, "train") == sorted(times(tmp_path, "train"))


def test_files_of_tensorflows_own_writer_come_before_ours(tmp_path, clock):
    own = tf.summary.create_file_writer(str(tmp_path / "tensorboard" / "train"))
    with own.as_default(9):
        tf.summary.scalar("terms/loss", 1.0)
    own.close()
    Summaries(tmp_path).rewind(2)
    write(tmp_path, [3, 4])
    assert shown(tmp_path, "train") == {"terms/loss": [3, 4]}
    assert times(tmp_path, "train") == sorted(times(tmp_path, "train"))


@pytest.mark.parametrize("cut", [1, 30])
def test_the_time_of_a_file_cut_short_is_that_of_its_last_whole_event(tmp_path, clock, cut):
    file = events.EventFile(tmp_path)
    for step in range(3):
        clock["now"] += 1
        file.scalar(step, "x", 1.0)
    file.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    assert events.last_time(path) == clock["now"] - 1
    path.write_bytes(b"no events" * 20)
    assert events.last_time(path) == 0.0


def test_a_full_disk_is_an_os_error(tmp_path):
    summaries = Summaries(tmp_path)
    summaries.scalars(1, "train", {"loss": 1.0})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(OSError, match=f"cannot write to {tmp_path}/tensorboard: .*too large"):
            for step in range(100):
                summaries.scalars(step, "train", {"loss": 1.0})
                summaries.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

"""TensorBoard's files: repeated steps are shown once; a full disk is an error message."""

import resource

import numpy as np
import pytest

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


def age(folder, seconds):
    """Make the times in file names older: TensorBoard reads the files in their order."""
    for file in folder.rglob("events.out.tfevents.*"):
        words = file.name.split(".")
        words[3] = str(int(words[3][:10]) - seconds) + words[3][10:]
        file.rename(file.with_name(".".join(words)))


def test_steps_after_the_resumed_one_are_shown_once(tmp_path):
    Summaries(tmp_path).rewind(0)
    write(tmp_path, [1, 2, 3, 4])
    for resumed in (2, 3):
        age(tmp_path, 10)
        Summaries(tmp_path).rewind(resumed)
        write(tmp_path, range(resumed + 1, 6))
    assert shown(tmp_path, "train") == {"terms/loss": [1, 2, 3, 4, 5]}
    assert shown(tmp_path, "samples") == {"grid": [1, 2, 3, 4, 5]}


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

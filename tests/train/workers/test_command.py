"""`python -m train.run --strategy=multiworker` on two workers: it ends, it stops, it resumes."""

import signal

import numpy as np
import pytest

from tests.train import tiny_runs
from tests.train.workers import launch, training
from tfgvae import runs

FLAGS = [
    *tiny_runs.SMALLEST,
    "--config.pictures.num=0",
    "--config.train.checkpoint_every=20",
    "--config.train.log_every=5",
    "--strategy=multiworker",
]
STEPS = 60
SECONDS = 60  # A worker that is left has to stop within a minute.


def command(folder, steps=STEPS, *more):
    return ["-m", "train.run", *FLAGS, f"--workdir={folder}", f"--steps={steps}", *more]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", "needs the environment"),
        ("{", "is not JSON"),
        ("{}", "no cluster"),
        (None, "from 0 to"),
    ],
)
def test_a_bad_tf_config_ends_at_once(tmp_path, config, said):
    """Without TensorFlow: a fraction of a second."""
    config = launch.tf_config([1, 2], 2) if config is None else config
    process = launch.start(command(tmp_path / "run"), [], 0, TF_CONFIG=config)
    status, out, err = launch.ends([process])[0]
    assert (status, out) == (2, "") and said in err and err.count("\n") <= 2
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_an_address_in_use_ends_at_once(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        ports = [taken.getsockname()[1], *launch.free_ports(1)]
        process = launch.start(command(tmp_path / "run"), ports, 0)
        status, _, err = launch.ends([process])[0]
    assert status == 2 and "address in use" in err and "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1])
def test_a_worker_that_never_comes_is_named(tmp_path, index):
    ports = launch.free_ports(2)
    arguments = command(tmp_path / "run", STEPS, "--wait_for_workers=5")
    status, _, err = launch.ends([launch.start(arguments, ports, index)])[0]
    missing = (
        f"worker 1 (localhost:{ports[1]})" if index == 0 else f"the chief (localhost:{ports[0]})"
    )
    assert status == 1 and f"{missing} did not come within 5 s" in err and "Traceback" not in err


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of an uninterrupted run of two workers."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    (_, out, _), (_, quiet, _) = launch.run(command(folder))
    assert "Test set" in out and quiet == ""
    return folder


def assert_same_run(folder, whole):
    """Equal bit for bit, and the metrics but for the means that start at the resume."""
    for ours, theirs in zip(
        training.weights(folder, STEPS), training.weights(whole, STEPS), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    for split in ("validation", "test"):
        ours, theirs = (
            [row for row in runs.read_metrics(f) if row["split"] == split] for f in (folder, whole)
        )
        assert ours == theirs
    assert not list((folder / "checkpoints").glob(".writing*"))


def stopped(folder, when, act):
    """Start a run, act on it when a condition holds, and give the ends of its workers."""
    with launch.workers(command(folder)) as processes:
        launch.wait_for(when, processes)
        act(processes)
        return launch.ends(processes, SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("dead", [0, 1])
def test_a_killed_worker_stops_the_other_and_the_run_resumes(tmp_path, whole, dead):
    folder = tmp_path / "run"
    found = stopped(
        folder,
        runs.checkpoint_path(folder, 20).exists,
        lambda processes: processes[dead].kill(),
    )
    assert found[dead][0] == -signal.SIGKILL
    status, _, err = found[1 - dead]
    name = "the chief" if dead == 0 else "worker 1"
    assert status == 1 and f"{name} (localhost:" in err and "stopped" in err
    assert "Traceback" not in err
    launch.run(command(folder))
    assert_same_run(folder, whole)


@pytest.mark.slow
@pytest.mark.parametrize("dead", [0, 1])
def test_a_worker_is_killed_while_the_run_is_saved(tmp_path, whole, dead):
    folder = tmp_path / "run"
    writing = folder / "checkpoints" / ".writing"
    stopped(folder, lambda: writing.is_dir(), lambda processes: processes[dead].kill())
    launch.run(command(folder))
    assert_same_run(folder, whole)


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1])
def test_sigterm_to_one_worker_saves_and_stops_all(tmp_path, whole, index):
    folder = tmp_path / "run"
    found = stopped(
        folder,
        lambda: len(runs.read_metrics(folder)) > 1,
        lambda processes: processes[index].send_signal(signal.SIGTERM),
    )
    assert [status for status, *_ in found] == [128 + signal.SIGTERM] * 2
    assert all("Stopped by SIGTERM at step" in err for *_, err in found)
    assert runs.checkpoints(folder)
    launch.run(command(folder))
    assert_same_run(folder, whole)


@pytest.mark.slow
def test_workers_with_other_flags_are_told(tmp_path):
    ports, folder = launch.free_ports(2), tmp_path / "run"
    processes = [launch.start(command(folder, STEPS, f"--seed={i}"), ports, i) for i in range(2)]
    (chief, _, err), (other, _, said) = launch.ends(processes)
    assert (chief, other) == (2, 2)
    assert "seed: 0 -> 1" in said and "another configuration" in err
    assert not folder.exists()


@pytest.mark.slow
def test_a_finished_run_says_so(whole):
    (_, out, _), _ = launch.run(command(whole))
    assert "This run has finished" in out


@pytest.mark.slow
def test_a_run_without_multiworker_says_that_it_is_alone(tmp_path):
    """Two workers that forget --strategy=multiworker would train two runs in one folder."""
    arguments = command(tmp_path / "run", 2, "--strategy=one")
    process = launch.start(arguments, launch.free_ports(2), 1)
    status, out, err = launch.ends([process])[0]
    assert status == 0, err
    assert "TF_CONFIG names 2 workers, but this run trains alone" in out and "Test set" in out


@pytest.mark.parametrize("seconds", ["inf", "nan", "-1", "1e12"])
def test_a_wait_without_an_end_is_refused(tmp_path, seconds):
    process = launch.start(
        command(tmp_path / "run", STEPS, f"--wait_for_workers={seconds}"), [1, 2], 0
    )
    status, _, err = launch.ends([process])[0]
    assert status == 2 and "--wait_for_workers must be from 0 to" in err


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1])
def test_sigterm_ends_a_worker_that_waits(tmp_path, index):
    process = launch.start(command(tmp_path / "run"), launch.free_ports(2), index)
    line = process.stderr.readline()  # After five seconds.
    assert "Waiting for" in line and "at most 300 s" in line
    process.send_signal(signal.SIGTERM)
    ((status, *_),) = launch.ends([process], SECONDS)
    assert status == -signal.SIGTERM


@pytest.mark.slow
def test_workers_with_other_numbers_of_devices_end(tmp_path):
    ports = launch.free_ports(2)
    program = ["-m", "tests.train.workers.program", str(tmp_path / "out")]
    processes = [launch.start(program, ports, i, DEVICES=str(i + 1), WAIT="20") for i in range(2)]
    for status, _, err in launch.ends(processes, 2 * SECONDS):
        assert status == 1 and "the same number of devices" in err


@pytest.mark.slow
def test_workers_with_two_folders_are_told(tmp_path):
    ports = launch.free_ports(2)
    processes = [launch.start(command(tmp_path / f"run{i}", STEPS), ports, i) for i in range(2)]
    ends = launch.ends(processes, 3 * SECONDS)
    assert [status for status, *_ in ends] == [2, 2]
    assert all("one folder that all workers share" in err for *_, err in ends)

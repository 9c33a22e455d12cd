"""The exit status of a command, and the one message that it prints."""

import subprocess
import sys

import pytest

from tests.train import tiny_runs as tiny
from train.errors import Interrupted, SetupError, TrainError, exit_status


def raising(error, after=None):
    """A command that raises `error`, perhaps while it handles `after`."""

    def command():
        if after is None:
            raise error
        try:
            raise after
        finally:
            raise error

    return command


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        (lambda: None, 0, ""),
        (lambda: 1, 1, ""),
        (raising(TrainError("it stopped")), 1, "it stopped"),
        (raising(SetupError("a wrong flag")), 2, "a wrong flag"),
        (raising(Interrupted("saved at step 3", 15)), 143, "saved at step 3"),
        (raising(Interrupted("saved at step 3", 2), KeyboardInterrupt()), 130, "saved at step 3"),
        (raising(KeyboardInterrupt()), 130, "Interrupted."),
        # TensorFlow's clean-up fails when Ctrl-C comes in the middle of a trace.
        (raising(AssertionError("Concurrent access?"), KeyboardInterrupt()), 130, "Interrupted."),
        (raising(SetupError("no graph"), KeyboardInterrupt()), 130, "Interrupted."),
    ],
)
def test_the_status_and_the_message(command, status, message, capsys):
    assert exit_status(command) == status
    printed = capsys.readouterr()
    assert printed.err.strip() == message and printed.out == ""


def test_a_bug_shows_its_traceback():
    with pytest.raises(AssertionError, match="a bug"):
        exit_status(raising(AssertionError("a bug"), ValueError("another")))


def test_debug_shows_the_traceback_too(capsys):
    assert exit_status(raising(SetupError("a wrong flag")), debug=True) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_output_that_nobody_reads_is_no_error():
    """As in `python -m train.run --help | head -1`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "train.run", "--help"],
        cwd=tiny.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141

"""Ctrl-C while a command starts is one line with status 130, and nothing is written."""

import os
import signal
import subprocess
import sys

import pytest

from tests.train import tiny_runs as tiny

# Python imports it before everything else. It sends SIGINT to the process when a module is looked
# for. SWALLOW: the module drops KeyboardInterrupt, as some extension modules do.
SITE = """
import os, signal, sys

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == os.environ["MOMENT"]:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                if not os.environ["SWALLOW"]:
                    raise

sys.meta_path.insert(0, Finder)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run of one step."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    process = tiny.start(f"--workdir={folder}", "--steps=1", "--config.pictures.num=0")
    process.communicate()
    assert process.returncode == 0
    return folder


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """A function that starts a command, interrupts it at an import, and gives how it ends."""
    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(SITE)

    def end(moment, swallow, command, *arguments, **options):
        path = f"{site}:{tiny.ROOT}"
        more = {"PYTHONPATH": path, "MOMENT": moment, "SWALLOW": "yes" if swallow else ""}
        done = subprocess.run(
            [sys.executable, "-m", command, *arguments],
            cwd=tiny.ROOT,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            **options,
        )
        return done.returncode, done.stdout, done.stderr

    return end


def commands(run, output):
    return {
        "train.run": ["--model=vae", f"--workdir={output}"],
        "train.evaluate": [f"--workdir={run}", f"--output={output}"],
        "train.reproduce": ["--experiment=figure4", f"--output={output}/figures"],
        "train.classifier": ["--dataset=digits", f"--output={output}/x.keras"],
        "export.run": [f"--workdir={run}", f"--output={output}"],
    }


MOMENTS = [("train.errors", False), ("tensorflow", False), ("tensorflow", True), ("keras", True)]
# Each starts a process that imports TensorFlow: two commands at one moment by default.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "moment", "swallow"),
    [(command, *moment) for command in commands("", "") for moment in MOMENTS],
)
def test_an_interrupted_import_is_one_line(run, interrupted, tmp_path, command, moment, swallow):
    arguments = commands(run, tmp_path / "new")[command]
    status, out, err = interrupted(moment, swallow, command, *arguments)
    assert (status, out, err) == (130, "", "\nInterrupted.\n")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_verify_is_interrupted_in_one_line(interrupted, tmp_path):
    found = interrupted("export.layout", False, "export.verify", str(tmp_path))
    assert found == (130, "", "\nInterrupted.\n")


# Sends SIGINT in the middle of the work, after the imports.
WORKING = """
import os, signal, sys

from export import bundle, run

def interrupt(*arguments, **options):
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()

bundle.{function} = interrupt
sys.exit(run.main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("function", ["_save", "_write_extra", "_sync"])
def test_an_interrupted_export_leaves_nothing(run, tmp_path, function):
    program = WORKING.format(function=function)
    done = subprocess.run(
        [sys.executable, "-c", program, f"--workdir={run}", f"--output={tmp_path}"],
        cwd=tiny.ROOT,
        env={**os.environ, "PYTHONPATH": str(tiny.ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130 and done.stdout == ""
    assert done.stderr.endswith("\nInterrupted.\n") and "Traceback" not in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not list(tmp_path.rglob(".exporting-*"))


def test_a_program_that_imports_a_command_keeps_its_handler():
    program = "import signal, train.run; print(signal.getsignal(signal.SIGINT).__name__)"
    out = subprocess.check_output([sys.executable, "-c", program], cwd=tiny.ROOT, text=True)
    assert out == "default_int_handler\n"


def test_an_ignored_signal_stays_ignored(interrupted, tmp_path):
    """As in the background of a shell: the command goes on to its own error."""

    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    status, _, err = interrupted(
        "train.errors", False, "export.verify", str(tmp_path), preexec_fn=ignore
    )
    assert status == 1 and "has no model card" in err

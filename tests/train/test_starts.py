"""Commands print their help and find mistakes without TensorFlow."""

import os
import subprocess
import sys

import pytest

from tests.train import tiny_runs as tiny

COMMANDS = (
    "train.run",
    "train.classifier",
    "train.evaluate",
    "train.reproduce",
    "train.publish",
    "train.fit_prior",
    "train.compare",
    "train.sweep",
    "export.run",
    "export.verify",
    "export.benchmark",
    "export.check",
)
# Modules that are slow to import.
SLOW = ("tensorflow", "keras", "tfgvae", "tensorflow_probability", "matplotlib", "scipy", "sklearn")

# Runs a module as a command, and names the slow modules that it imported.
PROGRAM = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
finally:
    print("IMPORTED", *sorted(set(sys.modules) & set({slow!r})))
"""


def start(*arguments):
    """(exit status, what is printed, the slow modules that were imported)."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(slow=SLOW), *arguments],
        cwd=tiny.ROOT,
        env={**os.environ, "PYTHONPATH": str(tiny.ROOT)},
        capture_output=True,
        text=True,
    )
    out, _, imported = done.stdout.rpartition("IMPORTED")
    return done.returncode, out + done.stderr, imported.split()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_needs_no_tensorflow(command):
    status, out, imported = start(command, "--help")
    assert status == 0 and imported == []
    assert command in out and "--" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_flag_is_refused_without_tensorflow(command):
    arguments = ["--model=vae"] if command == "train.run" else []
    status, out, imported = start(command, *arguments, "--no_such_flag=1")
    assert status == 2 and imported == [] and "Traceback" not in out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["train.run", "--model=vea"], 2, "unknown model 'vea'"),
        (["train.run"], 2, "--model is required"),
        (["train.run", "--workdir=/nowhere"], 2, "/nowhere holds no run to resume"),
        (["train.run", "--model=vae", "--config.family.name=bern"], 2, "unknown family 'bern'"),
        (["train.run", "--model=vae", "--config.family.scale=1"], 2, "takes no scale"),
        (["train.run", "--model=vae", "--config.trian.steps=1"], 2, "no 'trian'"),
        (["train.run", "--model=vae", "--dataset=mnits"], 2, "unknown data set 'mnits'"),
        (["train.run", "--model=vae", "--config.train.learning_rate=nan"], 2, "got nan"),
        (["train.run", "--model=vae", "--config.model.latent_dim=1000000000"], 2, "at most 65536"),
        (["train.run", "--model=vae", "--batch_size=1000000000"], 2, "at most 65536"),
        (["train.run", "--model=vae", "--config.train.clip_norm=inf"], 2, "got inf"),
        (["train.run", "--model=vae", "--strategy=two"], 2, "unknown strategy 'two'"),
        (["train.classifier", "--dataset=mnits", "--output=x.keras"], 2, "unknown data set"),
        (
            ["train.classifier", "--dataset=digits", "--output=x.keras", "--learning_rate=nan"],
            2,
            "learning_rate must be finite and > 0, got nan",
        ),
        *(
            (["train.classifier", "--dataset=digits", "--output=x.keras", *flags], 2, said)
            for flags, said in (
                (["--steps=0"], "steps must be an integer >= 1, got 0"),
                (["--seed=-1"], "seed must be an integer >= 0, got -1"),
                ([f"--seed={2**63}"], "seed must be at most"),
                (["--batch_size=1"], "batch_size must be an integer >= 2, got 1"),
                (["--batch_size=1000000000"], "batch_size must be at most 65536"),
                (["--width=1000000000"], "width must be at most 4096"),
                (["--dense", "8", "0"], "every number of dense must be an integer >= 1, got 0"),
                (["--dense", "1000000000"], "every number of dense must be at most 65536"),
                (["--dense", *["1"] * 300], "dense must have at most 256 numbers, got 300"),
                (["--image_size=5000"], "image_size must be at most 4096"),
                (["--crop=0"], "crop must be an integer >= 1, 'square' or 'none', got 0"),
                (["--crop=middle"], "crop must be an integer >= 1, 'square' or 'none'"),
                (["--norm=bach"], "unknown norm 'bach'"),
                (["--learning_rate=inf"], "learning_rate must be finite and > 0, got inf"),
                (["--output=x.h5"], "a file name that ends in .keras, got x.h5"),
            )
        ),
        (["train.evaluate", "--workdir=/", "--metrics=sharp"], 2, "unknown metric sharp"),
        (["train.evaluate", "--workdir=/nowhere"], 2, "no folder /nowhere"),
        (["train.reproduce", "--experiment=figure3", "--output=/"], 2, "unknown experiment"),
        (["export.run", "--workdir=/", "--output=/"], 2, "is not a run folder"),
        (["export.verify", "/"], 1, "is no exported model"),
        (["export.benchmark", "/"], 2, "is no exported model"),
    ],
)
def test_mistakes_are_refused_without_tensorflow(arguments, status, said):
    found, out, imported = start(*arguments)
    assert found == status and said in out and "Traceback" not in out
    assert not {"tensorflow", "keras", "tfgvae"} & set(imported)


@pytest.mark.slow
def test_a_notebook_is_not_shown_the_page_about_drivers():
    program = "import sys; import train.loop; print(sys.modules['tensorflow'].__name__)"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tiny.ROOT,
        env={**environment, "PYTHONPATH": str(tiny.ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "tensorflow\n" and done.stderr == ""

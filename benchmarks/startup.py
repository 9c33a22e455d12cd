"""Time that a user waits for a help text, for an error, for the first training step.

    python benchmarks/startup.py

Each command runs in its own process. The commands take turns, and the result is the median. The
ratio is to `python -c "import tensorflow"`, which takes turns with them.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from absl import app, flags

_TURNS = flags.DEFINE_integer("turns", 3, "Times that each command runs.")
ROOT = pathlib.Path(__file__).parents[1]
BASELINE = "import tensorflow"
HELP = (
    "train.run",
    "train.classifier",
    "train.evaluate",
    "train.reproduce",
    "export.run",
    "export.verify",
    "export.benchmark",
)
MISTAKES = (
    ("train.run", "--model=vea"),
    ("train.run", "--model=vae", "--stesp=10"),
    ("train.run", "--model=vae", "--config.family.name=bernuolli"),
    ("train.run", "--model=vae", "--config.regularizer.kernel=gaussian"),
    ("train.run", "--model=vae", "--dataset=mnits"),
    ("train.evaluate", "--workdir=nowhere"),
    ("train.evaluate", "--workdir=.", "--metrics=sharpnes"),
    ("train.reproduce", "--experiment=figure3", "--output=."),
)
# Models whose first training step on the embedded digits is measured.
MODELS = ("vae", "seqvae")


def seconds(arguments, until=None):
    """Seconds until `python ARGUMENTS` ends, or prints a line that starts with `until`."""
    start = time.perf_counter()
    command = [sys.executable, *arguments]
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=silent, text=True) as p:
        for line in p.stdout:
            if until and line.startswith(until):
                found = time.perf_counter() - start
                p.kill()
                return found
        p.wait()
    if until:
        raise RuntimeError(f"{' '.join(command)} ended without a line {until!r}")
    return time.perf_counter() - start


def first_step(model):
    """Seconds to the first training step of a model on the digits."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = (f"--model={model}", "--dataset=digits", f"--workdir={folder}/run", "--steps=1")
        return seconds(("-u", "-m", "train.run", *arguments), until="step 1/1")


def measurements():
    """[(label, a function that returns seconds)], the baseline first."""
    found = [(f'python -c "{BASELINE}"', lambda: seconds(("-c", BASELINE)))]
    for command in [*((name, "--help") for name in HELP), *MISTAKES]:
        shown = f"python -m {' '.join(command)}"
        found.append((shown, lambda command=command: seconds(("-m", *command))))
    for model in MODELS:
        shown = f"first step of --model={model}"
        found.append((shown, lambda model=model: first_step(model)))
    return found


def main(_):
    """Measure in turns and print the table."""
    measured = {}
    for _ in range(_TURNS.value):
        for shown, measure in measurements():
            measured.setdefault(shown, []).append(measure())
    medians = {shown: statistics.median(times) for shown, times in measured.items()}
    baseline = next(iter(medians.values()))
    width = max(map(len, medians))
    print(f"{'command'.ljust(width)}  seconds  ratio")
    for shown, median in medians.items():
        print(f"{shown.ljust(width)}  {median:7.2f}  {median / baseline:5.2f}")


if __name__ == "__main__":
    app.run(main)

"""Kill a training run again and again, and compare it with an uninterrupted one, bit for bit.

    python scripts/soak.py --kills=100 --folder=DIR

The run in DIR/killed gets SIGKILL at random moments: while TensorFlow is imported, in the middle of
steps, while a checkpoint is written. One kill of five is a SIGTERM or a SIGINT, which a run answers
by a checkpoint. Each time the same command resumes the run. At the end the weights, the state of
the optimizer and the metrics must be those of DIR/whole. The status is 1 if they are not, or if a
process shows a traceback.
"""

import argparse
import collections
import io
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import zipfile

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

from tfgvae import runs

FLAGS = (
    *("--model=vae", "--config.mapping.name=mlp", "--config.inference.trunk=mlp"),
    *(
        "--config.mapping.dense=(8,)",
        "--config.inference.dense=(8,)",
        "--config.model.latent_dim=2",
    ),
    *("--batch_size=8", "--config.train.checkpoint_every=100", "--config.train.log_every=20"),
    *("--config.train.eval_images=16", "--config.pictures.num=0", "--config.train.keep=2"),
)
STEPS_PER_KILL = 500
IMPORTS, WRITING = 3.0, 0.3  # seconds: the longest wait after the start, and after a step


def start(folder, steps):
    """Start the run in a folder: (process, the file of its output)."""
    log = folder.with_suffix(".log")
    flags = (*FLAGS, f"--steps={steps}", f"--workdir={folder}")
    with open(log, "w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "train.run", *flags],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=file,
            stderr=file,
        )
    return process, log


def step(folder):
    """The step of the newest checkpoint, or 0."""
    found = runs.checkpoints(folder)
    return found[-1][0] if found else 0


def progress(log):
    """How many steps a process has shown, -1 if none."""
    shown = [int(n) for n in re.findall(r"^step (\d+)/", log.read_text(), re.MULTILINE)]
    return shown[-1] - shown[0] if shown else -1


def kill(folder, steps, draw):
    """One process that is killed: (signal, status, output)."""
    number = draw.choice([signal.SIGKILL] * 8 + [signal.SIGTERM, signal.SIGINT])
    process, log = start(folder, steps)
    if draw.random() < 0.25:
        time.sleep(draw.uniform(0, IMPORTS))
    else:
        target = draw.uniform(0, STEPS_PER_KILL)
        while process.poll() is None and progress(log) <= target:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, WRITING))
    process.send_signal(number)
    status = process.wait(timeout=600)
    return number, status, log.read_text()


def values(folder, steps):
    """{name: array} of everything in the checkpoint of a step."""
    with zipfile.ZipFile(runs.checkpoint_path(folder, steps)) as archive:
        file = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    found = {}
    file.visititems(
        lambda name, item: found.update({name: item[()]} if hasattr(item, "dtype") else {})
    )
    return found


def history(folder):
    """The validation and test rows of metrics.jsonl; means of training rows start at a resume."""
    return [row for row in runs.read_metrics(folder) if row["split"] != "train"]


def differences(folder, whole, steps):
    """What differs between two finished runs: a list of names."""
    ours, theirs = values(folder, steps), values(whole, steps)
    names = sorted(ours.keys() | theirs.keys())
    found = [name for name in names if not np.array_equal(ours.get(name), theirs.get(name))]
    print(f"Compared: {len(names)} arrays of step {steps}.")
    return found + (["metrics.jsonl"] if history(folder) != history(whole) else [])


def finish(folder, steps):
    """Run to the end."""
    process, log = start(folder, steps)
    if process.wait():
        sys.exit(log.read_text())


def main(kills, seed, folder):
    """Kill, resume, compare; returns the exit status."""
    # Shells start commands in the background with SIGINT ignored, and the runs would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    draw, ends, bad, begun = random.Random(seed), collections.Counter(), [], time.monotonic()
    killed, whole = folder / "killed", folder / "whole"
    folder.mkdir(parents=True)
    steps = STEPS_PER_KILL * kills
    for n in range(kills):
        number, status, out = kill(killed, steps, draw)
        ends[f"{number.name}, status {status}"] += 1
        if "Traceback" in out or status not in (-number, 128 + number):
            bad.append(out)
        print(f"{n + 1}: {number.name}, status {status}, checkpoint {step(killed)}", flush=True)
    finish(killed, steps)
    minutes = (time.monotonic() - begun) / 60
    finish(whole, steps)
    different = differences(killed, whole, steps)
    print(f"{kills} kills in {minutes:.0f} minutes: {dict(ends)}")
    print("Different: " + (", ".join(different) or "nothing"))
    print("\n".join(bad))
    return 1 if bad or different else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python scripts/soak.py")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="a new folder")
    parsed = parser.parse_args()
    if parsed.folder.exists():
        parser.error(f"{parsed.folder} exists: give a new folder")
    sys.exit(main(parsed.kills, parsed.seed, parsed.folder))

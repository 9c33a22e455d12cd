"""Kill one of two workers again and again, and compare the run with an uninterrupted one.

    python scripts/soak_workers.py --kills=10 --folder=DIR

The run in DIR/killed has two workers on this machine. One of them, drawn at random, gets SIGKILL at
a random moment. The other must stop by itself within a minute, and the same commands resume the
run. At the end the weights, the state of the optimizer and the metrics must be, bit for bit, those
of DIR/whole, an uninterrupted run of two workers. The status is 1 if they are not, or if a process
shows a traceback or has to be killed.
"""

import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts import soak
from train.workers import loopback

STEPS_PER_KILL = 200
WAIT, LIMIT = 60, 3600  # seconds: until the other worker has stopped; until a run has ended


def start(folder, steps):
    """Start both workers: [(process, the file of its output)]."""
    ports = loopback.free_ports(2)
    flags = (*soak.FLAGS, f"--steps={steps}", f"--workdir={folder}", "--strategy=multiworker")
    started = []
    for index in range(2):
        log = folder.with_suffix(f".{index}.log")
        with open(log, "w") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "train.run", *flags],
                cwd=ROOT,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "TF_CONFIG": loopback.tf_config(ports, index),
                },
                stdout=file,
                stderr=file,
            )
        started.append((process, log))
    return started


def kill(folder, steps, draw):
    """Both workers, one of which is killed: (its index, what is wrong: a list of texts)."""
    started = start(folder, steps)
    dead = draw.randrange(2)
    log = started[0][1]
    target = draw.uniform(-1, STEPS_PER_KILL)
    running = [process for process, _ in started]
    while all(p.poll() is None for p in running) and soak.progress(log) <= target:
        time.sleep(0.01)
    time.sleep(draw.uniform(0, soak.WRITING))
    running[dead].kill()
    wrong = []
    try:
        status = running[1 - dead].wait(WAIT)
        if status not in (0, 1):
            wrong.append(f"the other worker ended with status {status}")
    except subprocess.TimeoutExpired:
        running[1 - dead].kill()
        wrong.append(f"the other worker did not stop within {WAIT} s")
    running[dead].wait()
    texts = [log.read_text() for _, log in started]
    return dead, wrong + [text for text in texts if "Traceback" in text]


def finish(folder, steps):
    """Run both workers to the end."""
    started = start(folder, steps)
    try:
        for process, log in started:
            if process.wait(LIMIT):
                sys.exit(log.read_text())
    finally:
        for process, _ in started:
            process.kill()


def main(kills, seed, folder, steps):
    """Kill, resume, compare; returns the exit status."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    draw, bad = random.Random(seed), []
    killed, whole = folder / "killed", folder / "whole"
    folder.mkdir(parents=True)
    for n in range(kills):
        dead, wrong = kill(killed, steps, draw)
        bad += wrong
        print(f"{n + 1}: worker {dead} killed, checkpoint {soak.step(killed)}", flush=True)
    finish(killed, steps)
    finish(whole, steps)
    different = soak.differences(killed, whole, steps)
    print(f"{kills} kills. Different: " + (", ".join(different) or "nothing"))
    print("\n".join(bad))
    return 1 if bad or different else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python scripts/soak_workers.py")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--steps", type=int, help="of the run; default 200 for each kill")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="a new folder")
    parsed = parser.parse_args()
    if parsed.folder.exists():
        parser.error(f"{parsed.folder} exists: give a new folder")
    length = parsed.steps or STEPS_PER_KILL * parsed.kills
    sys.exit(main(parsed.kills, parsed.seed, parsed.folder, length))

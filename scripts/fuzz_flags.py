"""Draw wrong and extreme command lines, run them, and list the bad ends.

    python scripts/fuzz_flags.py --examples=2000

A line is bad if Python shows a traceback, if a signal of the system ends it, if it takes more than
40 s, or if it takes more than 4 GB. A command that works well is interrupted after 12 s, so that
Ctrl-C is tested too. Most lines run in a fork of this process, which has imported TensorFlow and
has run no operation of it. One of 50 is a process of its own. Needs `pip install -e ".[test]"`.
"""

import argparse
import collections
import contextlib
import importlib
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import hypothesis

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

from fuzzing import ends, lines

# The modules that the commands import late.
LATE = (
    "train.loop",
    "train.evaluate.loop",
    "train.classifier_training",
    "train.reproduce.context",
    *(f"train.reproduce.{name}" for name in ("figure2", "figure4", "figure5", "propositions")),
    "export.bundle",
    "export.verification",
)


def main(examples, seed, output):
    """Run the lines and print the ends."""
    # Shells start commands in the background with SIGINT ignored, and forks would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for module in LATE:
        importlib.import_module(module)
    records, seen, begun = [], set(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, open(output, "w") as file:
        prepared = pathlib.Path(name)
        ends.prepare(prepared, lines.SMALL)

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(lines.lines())
        def run(line):
            hypothesis.assume(line not in seen)
            seen.add(line)
            record = ends.try_line(len(records), *line, prepared)
            records.append(record)
            file.write(json.dumps(record) + "\n")
            file.flush()
            if record["bad"]:
                print(record["bad"], "|", record["command"], ascii(record["arguments"]), flush=True)

        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C ends it early.
            run()
    statuses = collections.Counter(record["status"] for record in records)
    minutes = (time.monotonic() - begun) / 60
    print(f"{len(records)} lines in {minutes:.0f} minutes; by status: {statuses}")
    longest, most = (max(r[key] for r in records) for key in ("seconds", "gigabytes"))
    print(f"longest {longest} s, most {most} GB")
    return 1 if any(record["bad"] for record in records) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python scripts/fuzz_flags.py")
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default=os.devnull, help="a file for one JSON record per line")
    parsed = parser.parse_args()
    sys.exit(main(parsed.examples, parsed.seed, parsed.output))

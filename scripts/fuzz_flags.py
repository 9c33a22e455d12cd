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
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import hypothesis
from hypothesis import strategies as st

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import configs
from configs import catalog
from configs.resolve import fill
from train import flags

SECONDS, STOP_AFTER, GIGABYTES = 40, 12, 4
# One in this many lines runs as a process of its own.
OWN_PROCESS = 50
HUGE = (10**6, 10**9, 2**31, 2**63, 10**30)
TEXTS = (
    "",
    "x",
    "é",
    "\udcff",
    "a" * 5000,
    "/proc/x",
    "run",
    "a/b",
    "a\nb",
    "-1",
    "None",
    "{x}",
    "\x1b[31m",
)
VALUES = {
    "int": (
        *map(str, HUGE),
        *(f"-{n}" for n in HUGE),
        *["0", "1", "2", "-1", "1.5", "nan", "inf", "1e3", "٣"],
        "",
        "x",
    ),
    "float": (
        *[
            "0",
            "-0.0",
            "-1",
            "0.5",
            "1",
            "1e-300",
            "1e30",
            "1e300",
            "1e400",
            "nan",
            "inf",
            "-inf",
            "٣",
        ],
        "",
        "x",
    ),
    "bool": ("true", "false", "", "2", "x"),
    "tuple": (
        "()",
        "(0,)",
        "(-1,)",
        "(1,)",
        "(1000000000,)",
        "(1.5,)",
        "(nan,)",
        "('a',)",
        "((1,),)",
        str((1,) * 300),
        str((2**63,)),
        "(",
        "",
        "None",
        "5",
    ),
    "str": TEXTS,
}
BARE = None  # A flag without a value.
VALUES["literal"] = (*VALUES["tuple"], *VALUES["int"], "'square'", "'é'", "{1: 2}", "[]")
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
SMALL = (
    *("--model=vae", "--steps=2", "--batch_size=8", "--config.pictures.num=2"),
    *("--config.mapping.width=2", "--config.mapping.dense=(8,)", "--config.inference.width=2"),
    *("--config.inference.dense=(8,)", "--config.model.latent_dim=2"),
    *("--config.train.eval_images=8", "--config.pictures.gibbs_steps=2"),
)
SIZES = {"num_images": 4, "num_codes": 4, "num_samples": 2, "num_generated": 4, "chain_steps": 8}
SIZES |= {"num_chains": 2, "num_permutations": 20, "num_points": 2, "grid": 2}
# {command: a short command line that works}, in a folder with run/ and served/.
WORKING = {
    "train.run": (*SMALL, "--workdir=new"),
    "train.evaluate": (
        "--workdir=run",
        "--metrics=sharpness,posterior_variance",
        *tuple(f"--{name}={value}" for name, value in SIZES.items()),
    ),
    "export.run": ("--workdir=run", "--output=served"),
    "export.verify": ("served/run/1",),
    "train.reproduce": ("--experiment=figure4", "--output=figures", "--dataset=digits"),
    "train.classifier": (
        "--dataset=digits",
        "--output=new.keras",
        "--steps=2",
        "--width=2",
        "--dense",
        "8",
        "--batch_size=8",
    ),
}


def known_values(key):
    """The names that a field of a configuration may have."""
    kind, _, field = key.partition(".")
    if field == "name" and kind in catalog.TABLES:
        return tuple(catalog.table(kind))
    return {"strategy": flags.STRATEGIES, "model": tuple(configs.RECIPES)}.get(key, ())


def options(command):
    """[(flag or "" for a positional argument, its possible values)] of a command."""
    if command == "train.run":
        fields = flags.fields(fill(configs.get_config("vae")))
        found = [(f"--config.{key}", VALUES[kind] + known_values(key)) for key, kind, _ in fields]
        own = {"model": "str", "workdir": "str", "strategy": "str", "overwrite_config": "bool"}
        own |= {
            "dataset": "str",
            "data_dir": "str",
            "steps": "int",
            "batch_size": "int",
            "seed": "int",
        }
        return found + [(f"--{key}", VALUES[kind] + known_values(key)) for key, kind in own.items()]
    module = importlib.import_module(
        f"{command}.__main__" if command in ("train.evaluate", "train.reproduce") else command
    )
    parser = getattr(module, "flags", module).parser()
    found = []
    for action in parser._actions:
        if action.dest in ("help", "debug"):
            continue
        kind = getattr(action.type, "__name__", "str")
        values = VALUES.get(kind, TEXTS + VALUES["int"]) + tuple(action.choices or ())
        values = (BARE, BARE, "x") if action.nargs == 0 else values
        found.append((next(iter(action.option_strings), ""), values))
    return found


@st.composite
def lines(draw):
    """(command, arguments): a command line that works, with one to three changes."""
    command = draw(st.sampled_from((*WORKING, *["train.run"] * 5)))
    arguments = list(WORKING[command])
    for _ in range(draw(st.sampled_from((1, 1, 2, 3)))):
        flag, values = draw(st.sampled_from(OPTIONS[command]))
        if draw(st.integers(1, 30)) == 7:
            flag += "x"  # No flag has this name.
        value = draw(
            st.text(max_size=8) if draw(st.integers(1, 8)) == 7 else st.sampled_from(values)
        )
        if value is BARE:
            arguments.append(flag)
            continue
        value = value.replace("\0", "")  # The system passes no such argument.
        if not flag.startswith("-"):
            arguments = [value]
        else:
            arguments = [a for a in arguments if a.partition("=")[0] != flag]
            arguments.append(f"{flag}={value}")
    return command, tuple(arguments)


def call(command, arguments):
    """Run a command in this process and return its exit status."""
    package = importlib.import_module(command)
    module = (
        importlib.import_module(f"{command}.__main__") if hasattr(package, "__path__") else package
    )
    argv = ["run", *arguments] if command == "train.run" else list(arguments)
    try:
        return module.main(argv)
    except SystemExit as end:
        return end.code
    except BaseException:
        traceback.print_exc()
        return 1


def start(command, arguments, folder, log, own):
    """Start a command in a folder, with its output in a file; returns the process id."""
    if own:
        run = [sys.executable, "-m", command, *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        encoded = [argument.encode("utf-8", "surrogateescape") for argument in run]
        return subprocess.Popen(encoded, cwd=folder, env=environment, stdout=log, stderr=log).pid
    child = os.fork()
    if child == 0:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        os.chdir(folder)
        status = call(command, arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 0)
    return child


def resident(child):
    """Bytes of memory of a process; 0 if it has ended."""
    try:
        pages = int(pathlib.Path(f"/proc/{child}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def follow(child, stop_after=STOP_AFTER):
    """Wait for a process: (status, seconds, most gigabytes, why it was killed or "")."""
    begun, interrupted, most, why = time.monotonic(), False, 0, ""
    while True:
        done, status, _ = os.wait4(child, os.WNOHANG)
        spent = time.monotonic() - begun
        if done:
            return os.waitstatus_to_exitcode(status), spent, most / 1e9, why
        most = max(most, resident(child))
        if not interrupted and spent > stop_after:
            os.kill(child, signal.SIGINT)
            interrupted = True
        if not why and (spent > SECONDS or most > GIGABYTES * 1e9):
            why = f"more than {SECONDS} s" if spent > SECONDS else f"more than {GIGABYTES} GB"
            os.kill(child, signal.SIGKILL)
        time.sleep(0.02)


def verdict(status, text, why):
    """What is bad about an end, in a few words, or ""."""
    if why:
        return why
    if status < 0 and -status != signal.SIGINT:
        return f"ended by {signal.Signals(-status).name}"
    if "Traceback (most recent call last)" in text:
        last = [
            line
            for line in text.splitlines()
            if re.match(r"[\w.]+(Error|Exception|Interrupt)", line)
        ]
        return "traceback: " + (last[-1] if last else "?")[:200]
    return "" if status in (0, 1, 2, 130) else f"status {status}"


def prepare(folder):
    """Make run/ and served/ in a folder."""
    commands = (
        ("train.run", (*SMALL, "--workdir=run")),
        ("export.run", ("--workdir=run", "--output=served", "--num_samples=2")),
    )
    for command, arguments in commands:
        with open(folder / "log", "wb") as log:
            if follow(start(command, arguments, folder, log, own=False), SECONDS)[0]:
                raise SystemExit((folder / "log").read_text())


def try_line(number, command, arguments, prepared):
    """Run one line and return its record."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = pathlib.Path(name)
        shutil.copytree(prepared, folder, dirs_exist_ok=True)
        own = number % OWN_PROCESS == 0
        with open(folder / "log", "wb") as log:
            status, seconds, most, why = follow(start(command, arguments, folder, log, own))
        text = (folder / "log").read_text(errors="replace")
    return {
        "command": command,
        "arguments": arguments,
        "status": status,
        "seconds": round(seconds, 1),
        "gigabytes": round(most, 2),
        "bad": verdict(status, text, why),
        "said": text[-3000:],
    }


def main(examples, seed, output):
    """Run the lines and print the ends."""
    # Shells start commands in the background with SIGINT ignored, and forks would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for module in LATE:
        importlib.import_module(module)
    records, seen, begun = [], set(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, open(output, "w") as file:
        prepared = pathlib.Path(name)
        prepare(prepared)

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(lines())
        def run(line):
            hypothesis.assume(line not in seen)
            seen.add(line)
            record = try_line(len(records), *line, prepared)
            records.append(record)
            file.write(json.dumps(record) + "\n")
            file.flush()
            if record["bad"]:
                print(record["bad"], "|", record["command"], ascii(record["arguments"]), flush=True)

        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C ends it early.
            run()
    ends = collections.Counter(record["status"] for record in records)
    print(
        f"{len(records)} lines in {(time.monotonic() - begun) / 60:.0f} minutes; by status: {ends}"
    )
    longest, most = (max(r[key] for r in records) for key in ("seconds", "gigabytes"))
    print(f"longest {longest} s, most {most} GB")
    return 1 if any(record["bad"] for record in records) else 0


OPTIONS = {command: options(command) for command in WORKING}

if __name__ == "__main__":
    parser = argparse.ArgumentParser("python scripts/fuzz_flags.py")
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default=os.devnull, help="a file for one JSON record per line")
    parsed = parser.parse_args()
    sys.exit(main(parsed.examples, parsed.seed, parsed.output))

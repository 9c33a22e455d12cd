"""Run a command line in a folder of its own, and say what is bad about its end."""

import importlib
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

ROOT = pathlib.Path(__file__).parents[2]
SECONDS, STOP_AFTER, GIGABYTES = 40, 12, 4
# One in this many lines runs as a process of its own.
OWN_PROCESS = 50


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


def prepare(folder, flags):
    """Make run/ in a folder with these flags of train.run, and served/."""
    commands = (
        ("train.run", (*flags, "--workdir=run")),
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

"""The memory of this process, on Linux.

getrusage's ru_maxrss is no use for a child: it starts at the peak of the parent process.
"""

import pathlib

PROCESS = pathlib.Path("/proc/self")


def _kilobytes(name):
    lines = (PROCESS / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def now():
    """The bytes that are resident now."""
    return 1024 * _kilobytes("VmRSS")


def peak():
    """The most bytes that were resident since the start, or since `reset_peak`."""
    return 1024 * _kilobytes("VmHWM")


def reset_peak():
    """Let the peak count from here on."""
    (PROCESS / "clear_refs").write_text("5")

"""Ctrl-C while a command imports its modules: one line, and status 130.

Python raises KeyboardInterrupt at any line of an import, also before a command can catch it. Some
extension modules drop it. So a command imports this module first, and Ctrl-C ends the process at
once until `started` is called: nothing has been written by then. Programs that import a command's
module, such as tests, are not changed.
"""

import contextlib
import os
import signal
import sys

STATUS = 128 + signal.SIGINT
# Standard error: train.start holds back what is written to descriptor 2 during its imports.
_TERMINAL = None


def _is_command():
    """Whether this process is `python -m train.NAME` or `python -m export.NAME`."""
    # sys.argv and __main__ are set only after the packages around the module are imported.
    given = sys.orig_argv
    module = given[given.index("-m") + 1] if "-m" in given[:-1] else ""
    return module.partition(".")[0] in ("train", "export")


def _end(number, frame):
    with contextlib.suppress(OSError):  # The terminal may be closed.
        os.write(_TERMINAL, b"\nInterrupted.\n")
    os._exit(STATUS)


def started():
    """From here on, Ctrl-C raises KeyboardInterrupt as usual."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Under nohup and in the background of a shell, SIGINT is ignored, and stays so.
if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    with contextlib.suppress(OSError):  # There may be no standard error.
        _TERMINAL = os.dup(2)
        signal.signal(signal.SIGINT, _end)

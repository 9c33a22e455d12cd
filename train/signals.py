"""The signals that ask a command to stop: who handles them, and how that is put back."""

import signal
import threading

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def handle(handler):
    """Let `handler` have the signals in STOP that are not ignored: {number: the old handler}.

    Under nohup a command goes on without its terminal. Nothing is done outside the main thread:
    Python lets no other one set handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    # None: a handler that is not Python's could not be put back.
    ignored = (signal.SIG_IGN, None)
    return {n: signal.signal(n, handler) for n in STOP if signal.getsignal(n) not in ignored}


def put_back(before):
    """Undo `handle`: `before` is what it returned."""
    for number, old in before.items():
        signal.signal(number, old)

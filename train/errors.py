"""Errors that a user can act on: shown as one message, without a traceback."""

import contextlib
import os
import signal
import sys
import traceback


class TrainError(Exception):
    """A run cannot go on. `exit_code` is the status of the command."""

    exit_code = 1


class SetupError(TrainError):
    """The flags, the configuration or the data are wrong; no run starts."""

    exit_code = 2


class Interrupted(TrainError):
    """A signal stopped the run after a checkpoint was saved."""

    def __init__(self, message, signal_number):
        super().__init__(message)
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number


def _is_op_error(error):
    # Many mistakes are found before TensorFlow is imported.
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(error, tensorflow.errors.OpError)


def _reason(error):
    from tfgvae.messages import reason  # This imports TensorFlow.

    return reason(error)


@contextlib.contextmanager
def as_error(kind):
    """Turn the errors of bad arguments and files into errors of `kind`, a TrainError."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        raise kind(str(error)) from error
    except Exception as error:
        if not _is_op_error(error):
            raise
        # A damaged image or file of a streamed data set.
        raise kind(f"{type(error).__name__}: {_reason(error)}") from error


def as_setup_error():
    """Turn the errors of bad settings, raised while a run is set up, into SetupError."""
    return as_error(SetupError)


@contextlib.contextmanager
def as_train_error(where):
    """Turn the errors of files, data and the first trace into TrainError; the cause is chained.

    Args:
      where: a function without arguments. It returns (a clause with the current step, whether a
        graph is traced for the first time, a clause that names the last good checkpoint).
    """
    try:
        yield
    except Exception as error:
        if not (isinstance(error, (OSError, ValueError, TypeError)) or _is_op_error(error)):
            raise
        place, first, last = where()
        if isinstance(error, OSError):  # The disk is full or gone.
            said = str(error)
        elif _is_op_error(error):
            said = f"{type(error).__name__}: {_reason(error)}"
        elif first:
            said = f"the parts of this configuration do not fit together: {_reason(error)}"
        else:
            raise  # A bug, not the user's mistake: show the traceback.
        raise TrainError(f"{place}: {said}; {last}") from error


def exit_status(command, debug=False, interrupted="Interrupted."):
    """Run a command and return its exit status; print an error as one message.

    Args:
      command: called without arguments; returns the status, or None for 0.
      debug: show the traceback, too.
      interrupted: the message after Ctrl-C.
    """
    if hasattr(sys.stdout, "reconfigure"):
        # A path that is not UTF-8 is printed with its bytes as \\udcNN, as on standard error.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = command() or 0
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _close_output()
        return 128 + signal.SIGPIPE
    except BaseException as error:
        stopped = _is_interrupt(error)
        if not (stopped or isinstance(error, TrainError)):
            raise
        if debug:
            traceback.print_exc()
        print(f"\n{interrupted if stopped else error}", file=sys.stderr)
        return 130 if stopped else error.exit_code


def _close_output():
    """Nobody reads what is printed, as in `COMMAND | head`: do not fail once more at the exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _is_interrupt(error):
    """Whether an exception is KeyboardInterrupt, or came of one.

    If Ctrl-C comes while TensorFlow traces a graph, its clean-up may fail with another error.
    """
    while error is not None and not isinstance(error, (KeyboardInterrupt, Interrupted)):
        error = error.__cause__ or error.__context__
    return isinstance(error, KeyboardInterrupt)

"""Errors that a user can act on: shown as one message, without a traceback."""

import contextlib
import sys
import traceback

import tensorflow as tf

from tfgvae.messages import reason


class TrainError(Exception):
    """A run cannot go on. `exit_code` is the status of the command."""

    exit_code = 1


class SetupError(TrainError):
    """The flags, the configuration or the data do not make a run."""

    exit_code = 2


class Interrupted(TrainError):
    """A signal stopped the run after a checkpoint was saved."""

    def __init__(self, message, signal_number):
        super().__init__(message)
        self.exit_code = 128 + signal_number


@contextlib.contextmanager
def as_setup_error():
    """Turn the errors of bad settings, raised while a run is set up, into SetupError."""
    try:
        yield
    except tf.errors.OpError as error:  # A damaged image or file of a set that is streamed.
        raise SetupError(f"{type(error).__name__}: {reason(error)}") from error
    except (ValueError, TypeError, OSError) as error:
        raise SetupError(str(error)) from error


@contextlib.contextmanager
def as_train_error(where):
    """Turn the errors of files, data and the first trace into TrainError; the cause is chained.

    Args:
      where: called for (a clause that says where the run is, whether a graph is being traced for
        the first time, a clause that names the last good checkpoint).
    """
    try:
        yield
    except (OSError, tf.errors.OpError, ValueError, TypeError) as error:
        place, first, last = where()
        if isinstance(error, OSError):  # The disk is full or gone.
            said = str(error)
        elif isinstance(error, tf.errors.OpError):
            said = f"{type(error).__name__}: {reason(error)}"
        elif first:
            said = f"the parts of this configuration do not fit together: {reason(error)}"
        else:
            raise  # No doing of the user's: the traceback is wanted.
        raise TrainError(f"{place}: {said}; {last}") from error


def exit_status(command, debug=False, interrupted="Interrupted."):
    """Run a command line's work and return its exit status; an error is said in one message.

    Args:
      command: called without arguments; what it returns is the status, None is 0.
      debug: show the traceback, too.
      interrupted: what Ctrl-C is answered with.
    """
    try:
        return command() or 0
    except TrainError as error:
        if debug:
            traceback.print_exc()
        print(f"\n{error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\n{interrupted}", file=sys.stderr)
        return 130

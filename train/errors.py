"""Errors that a user can act on: shown as one message, without a traceback."""

import contextlib


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
    except (ValueError, TypeError, OSError) as error:
        raise SetupError(str(error)) from error

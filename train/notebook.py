"""`tfgvae.train`: what `python -m train.run` does, as one call from a notebook or a program.

The arguments become a command line, so that both have one set of names, checks and errors.
"""

import contextlib
import os
import signal

from configs import catalog
from train import flags
from train.errors import Interrupted, SetupError
from train.run import train as run

PROGRAM = "tfgvae.train"
# Arguments that are flags of the command line; all others are fields of the configuration.
FLAGS = (
    *("batch_size", "data_dir", "init_from", "overwrite_config", "seed", "steps", "strategy"),
    *("wait_for_workers", "workdir"),
)
RENAMED = {"model": "model", "data": "dataset"}


def train(verbose=True, **given):
    """Train or resume a run; see `tfgvae.train`.

    Args:
      verbose: whether lines and a progress bar are printed.
      **given: flags and fields; None is not set.

    Returns:
      The trained model.
    """
    with _as_python_errors():
        command = flags.parse([PROGRAM, *arguments(given)])
        if verbose:
            return run(command)
        with open(os.devnull, "w") as nowhere:
            return run(command, say=lambda line: None, stream=nowhere)


def arguments(given):
    """The command line of keyword arguments: ["--steps=200", "--config.family.name=gaussian", ...].

    >>> arguments({"model": "vae", "steps": 20, "family": "gaussian", "train": {"clip_norm": 1.0}})
    ['--model=vae', '--steps=20', '--config.family.name=gaussian', '--config.train.clip_norm=1.0']
    """
    found = []
    for name, value in given.items():
        if value is None:
            continue
        if isinstance(value, dict):
            found += [_flag(f"config.{name}.{key}", part) for key, part in value.items()]
        elif name in RENAMED:
            if not isinstance(value, str):
                raise SetupError(_NO_NAME[name].format(type(value).__name__))
            found.append(_flag(RENAMED[name], value))
        elif name in FLAGS:
            found.append(_flag(name, value))
        else:
            part = name in catalog.PARTS and isinstance(value, str)
            found.append(_flag(f"config.{name}.name" if part else f"config.{name}", value))
    return [flag for flag in found if flag is not None]


_NO_NAME = {
    "model": "model must be the name of a recipe, such as 'vae', got a {}; fit trains a model",
    "data": (
        "data must be the name of a data set, which a resumed run opens again, got a {}: write "
        "arrays with np.savez and give 'npz:PATH', or use fit"
    ),
}


def _flag(name, value):
    return None if value is None else f"--{name}={text_of(value)}"


def text_of(value):
    """A value as a flag has it."""
    if isinstance(value, (tuple, list)):
        return "(" + "".join(f"{text_of(part)}," for part in value) + ")"
    return str(value)


@contextlib.contextmanager
def _as_python_errors():
    """Turn the errors of the command into those that Python's callers expect.

    A wrong argument is a ValueError. A signal has its usual effect once the checkpoint is saved.
    """
    try:
        yield
    except SetupError as error:
        raise ValueError(str(error)) from error
    except Interrupted as error:
        if error.signal_number == signal.SIGINT:
            raise KeyboardInterrupt(str(error)) from error
        signal.raise_signal(error.signal_number)
        raise  # Somebody else handles the signal.

"""The weights of a model as arrays, by the names that Keras gives them in its own files.

The names follow the attributes and the classes of the layers ("layers/conv/_up/vars/0"). They do
not depend on how many models the process has made before, as `variable.path` does.
"""

import contextlib
import pathlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping

import h5py
import numpy as np

from tfgvae.regularizers import REGULARIZERS
from tfgvae.types import Model

Arrays = dict[str, np.ndarray]
Shapes = dict[str, tuple[tuple[int, ...], np.dtype]]


@contextlib.contextmanager
def _saved(model) -> Iterator[pathlib.Path]:
    """A file of a model's weights, as Keras writes it, in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="tfgvae-") as folder:
        path = pathlib.Path(folder) / "model.weights.h5"
        model.save_weights(path)
        yield path


def _datasets(file):
    """{name: dataset} of a weights file."""
    found = {}

    def add(name, stored):
        if isinstance(stored, h5py.Dataset):
            found[name] = stored

    file.visititems(add)
    return found


def of(model: Model) -> Arrays:
    """{name: array} of all weights: trainable ones, moving statistics and counters of batches.

    An optimizer is left out.
    """
    with _saved(model) as path, h5py.File(path) as file:
        return {
            name: stored[()] for name, stored in _datasets(file).items() if not _of_optimizer(name)
        }


def _of_optimizer(name):
    return name.startswith("optimizer/")


def differences(
    expected: Mapping[str, tuple[int, ...]], got: Mapping[str, tuple[int, ...]]
) -> list[str]:
    """What differs between two sets {name: shape}, as clauses."""
    said = [f"{name} is missing" for name in expected if name not in got]
    said += [f"{name} is unknown" for name in got if name not in expected]
    return said + [
        f"{name} must have the shape {list(shape)}, got {list(got[name])}"
        for name, shape in expected.items()
        if name in got and tuple(got[name]) != tuple(shape)
    ]


def fill(model: Model, give: Callable[[Shapes], Mapping[str, np.ndarray]]) -> None:
    """Replace weights of a model by arrays, converted to the types of the weights.

    Args:
      model: a built model.
      give: a function of {name: (shape, dtype)} of all weights that returns the arrays of some or
        all of them, {name: array}.

    Raises:
      ValueError: an unknown name, or an array of another shape; the message names them.
    """
    with _saved(model) as path:
        with h5py.File(path, "r+") as file:
            stored = {name: s for name, s in _datasets(file).items() if not _of_optimizer(name)}
            arrays = give({name: (each.shape, each.dtype) for name, each in stored.items()})
            own = {name: each.shape for name, each in stored.items() if name in arrays}
            wrong = differences(own, {name: array.shape for name, array in arrays.items()})
            if wrong:
                raise ValueError(few(wrong))
            for name, array in arrays.items():
                stored[name][...] = array
        model.load_weights(path)


def few(said: list[str], most: int = 3) -> str:
    """The first of several clauses, and how many more there are."""
    more = f"; and {len(said) - most} more" if len(said) > most else ""
    return "; ".join(said[:most]) + more


def start_from(model: Model, source: Model) -> None:
    """Give a new model the weights of a trained one.

    The numbers of batches that the new model has seen stay. The regularizer may be another one;
    its own weights are then new.

    Args:
      model: the new model, built.
      source: a trained model with the same layers.

    Raises:
      ValueError: other layers, or layers of other sizes; the message names the first weights that
        differ.
    """
    given, own = (_without_counters(of(each)) for each in (source, model))
    wrong = differences(*({name: a.shape for name, a in each.items()} for each in (own, given)))
    wrong = [clause for clause in wrong if not clause.startswith(_regularizers())]
    if wrong:
        raise ValueError(
            f"its weights do not fit this {type(model).__name__}: {few(wrong)}. The model, its "
            "parts, their sizes and the shape of the images must be the same"
        )
    same = {n: a for n, a in given.items() if n in own and own[n].shape == a.shape}
    fill(model, lambda _: same)


def _without_counters(arrays):
    return {name: array for name, array in arrays.items() if array.dtype.kind == "f"}


def _regularizers():
    """The starts of the names of a regularizer's weights."""
    classes = (cls.__name__ for cls in REGULARIZERS.values())
    snake = (re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() for name in classes)
    return tuple(f"layers/{name}/" for name in snake)

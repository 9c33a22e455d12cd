"""A file of numpy arrays: "npz:PATH", written by np.savez, or by np.save for images alone.

x_train, x_test, y_train, y_test   images and labels of splits, as in the mnist.npz of Keras;
                                   x_validation and y_validation too
image, label                       one set: row i is in "test" if the hash of i is 0 mod 10, else
                                   in "train"; "images" and "labels" are other names

Labels are optional. Pixels are as in tfgvae/data/arrays.py. The headers and the labels are read
when a split is opened, the images later. Pickled objects are never loaded.
"""

import contextlib
import math
import pathlib
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy as np

from tfgvae import checks
from tfgvae.data import arrays
from tfgvae.data.source import Source, is_test
from tfgvae.messages import reason

_ZIP, _NPY = b"PK", b"\x93NUMPY"
_HEADERS: dict[tuple[int, int], Callable[..., Any]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def open_split(path: str, split: str, **_: Any) -> Source:
    """The `Source` of a split of the file at `path`, .npz or .npy."""
    file = pathlib.Path(path).expanduser()
    if not path or not file.is_file():
        raise FileNotFoundError(f"npz:PATH must name a file of numpy arrays, got {path!r}")
    keys = _keys(file)
    image, label, every_label = arrays.chosen(str(file), keys, split)
    shape, dtype = _header(file, image)
    name = f"{file}, {image}"
    rows = None if image.startswith("x_") or not shape else _rows(file, shape[0], split)
    labels = None
    known = {key: _labels(file, key) for key in every_label}
    if label is not None:
        labels = arrays.checked_labels(
            f"{file}, {label}", known[label], shape[0] if shape else None
        )
        labels = labels if rows is None else labels[rows]

    def load() -> np.ndarray:
        found = _read(file, image)
        return arrays.levels(name, found if rows is None else found[rows])

    shape = shape if rows is None else (len(rows), *shape[1:])
    return arrays.source(name, shape, dtype, load, labels, arrays.num_classes(list(known.values())))


def _rows(file, count, split):
    """The row numbers of a split of a set that is one array."""
    if split not in ("train", "test"):
        raise ValueError(f"split of {file} must be one of train, test, got {split!r}")
    rows = np.array([i for i in range(count) if is_test(str(i)) == (split == "test")], np.int64)
    if not len(rows):
        raise ValueError(f"split {split!r} of {file} is empty: it has {count} images")
    return rows


def _labels(file, key):
    return arrays.checked_labels(f"{file}, {key}", _read(file, key))


@contextlib.contextmanager
def _named(file: pathlib.Path) -> Iterator[None]:
    """Turn what a damaged file raises into one sentence that names it."""
    try:
        yield
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # zipfile, zlib and numpy raise many kinds.
        raise ValueError(f"{file} cannot be read: {reason(error)}") from error


@contextlib.contextmanager
def _opened(file: pathlib.Path, key: str) -> Iterator[IO[bytes]]:
    """The bytes of an array, header first."""
    with _named(file), open(file, "rb") as whole:
        if not _is_zip(file):
            yield whole
            return
        with zipfile.ZipFile(whole) as archive, archive.open(f"{key}.npy") as member:
            yield member


def _is_zip(file):
    with open(file, "rb") as opened:
        start = opened.read(len(_NPY))
    if not start.startswith((_ZIP, _NPY)):
        raise ValueError("it is no .npz and no .npy file")
    return start.startswith(_ZIP)


def _keys(file):
    """The names of the arrays in a file; a .npy file has images only."""
    with _named(file):
        if not _is_zip(file):
            return (arrays.IMAGES[0],)
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    return tuple(name.removesuffix(".npy") for name in names if name.endswith(".npy"))


def _header(file, key):
    """(shape, dtype) of an array, after checks that need no more of it."""
    with _opened(file, key) as opened:
        version = np.lib.format.read_magic(opened)
        if version not in _HEADERS:
            raise ValueError(f"{key} has the unknown format {version}")
        shape, _, dtype = _HEADERS[version](opened)
    if dtype.hasobject:
        raise ValueError(f"{file}, {key}: expected an array of numbers, got pickled objects")
    size = math.prod(shape) * dtype.itemsize
    checks.in_memory(f"{file}, {key},", size, "use a folder of images or a TFDS set")
    return shape, dtype


def _read(file, key):
    """A whole array."""
    _header(file, key)
    with _opened(file, key) as opened:
        found = np.lib.format.read_array(opened, allow_pickle=False)
        # The end of a member is where its checksum is compared.
        if opened.read(1):
            raise ValueError(f"{key} has more bytes than its header says")
    return found

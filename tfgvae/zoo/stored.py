"""The two other files of a preset: config.json, the model; weights.npz, its weights.

config.json is {"tfgvae": version, "model": as Keras serialises it, "run_config": config.json of the
run}. weights.npz has one array per weight; see `arrays` for their names.
"""

import dataclasses
import io
import json
import math
import os
import pathlib
import zipfile
from typing import Any

import keras
import numpy as np

from tfgvae.messages import reason
from tfgvae.types import Model
from tfgvae.version import VERSION
from tfgvae.zoo import arrays, cards, trusted

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_LENGTHS = {(1, 0): 2, (2, 0): 4}
_LARGEST_HEADER = 10**4  # bytes


@dataclasses.dataclass(frozen=True)
class Stored:
    """A preset's folder.

    Attributes:
      folder: a pathlib.Path.
      card: the content of card.json.
      config: the content of config.json.
    """

    folder: pathlib.Path
    card: dict[str, Any]
    config: dict[str, Any]

    @property
    def run_config(self) -> dict[str, Any]:
        """config.json of the run that the preset came from."""
        return self.config["run_config"]

    def model(self) -> Model:
        """The model with its weights, not compiled.

        Raises:
          ValueError: a file is damaged, or its content does not fit the model.
        """
        packed = cards.content(self.folder, self.card, cards.WEIGHTS)
        made = trusted.model(self.config["model"], str(self.folder / cards.CONFIG))
        arrays.fill(made, lambda own: unpack(packed, own, self.folder / cards.WEIGHTS))
        return made


def read(folder: str | os.PathLike) -> Stored:
    """Read the card and the configuration of a preset; the weights are read by `Stored.model`.

    Raises:
      FileNotFoundError: no such folder, or no card in it.
      ValueError: a file is damaged; the message names it.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}")
    card = cards.read(folder)
    where = folder / cards.CONFIG
    try:
        config = json.loads(cards.content(folder, card, cards.CONFIG).decode())
    except RecursionError as error:
        raise ValueError(f"{where} is nested too deeply") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{where} is not JSON: {error}") from error
    if not isinstance(config, dict) or not all(
        isinstance(config.get(key), dict) for key in ("model", "run_config")
    ):
        raise ValueError(f'{where} must be a JSON object with "model" and "run_config"')
    return Stored(folder, card, config)


def config_of(model: Model, run_config: dict[str, Any]) -> bytes:
    """The content of config.json."""
    described = {
        "tfgvae": VERSION,
        "model": keras.saving.serialize_keras_object(model),
        "run_config": run_config,
    }
    return (json.dumps(described, indent=1, allow_nan=False) + "\n").encode()


def narrowed(array: np.ndarray, dtype: str) -> np.ndarray:
    """An array of floating numbers as it is stored; others as they are.

    Args:
      array: any array.
      dtype: "float32", "float16", or "short": float16 with the 7 bits of fraction that bfloat16
        has, instead of 10. The last three bits are 0, so that the file is a sixth smaller.
    """
    if array.dtype.kind != "f":
        return array
    if dtype != "short":
        return array.astype(dtype)
    half = array.astype(np.float16)
    bits = half.view(np.uint16).astype(np.uint32)
    even = (bits >> 3) & 1  # Half of the last place is rounded to even.
    short = ((bits + 3 + even) >> 3 << 3).astype(np.uint16).view(np.float16)
    return np.where(np.isnan(half), half, short)  # A nan's bits may run over into the sign.


def pack(stored: arrays.Arrays, dtype: str) -> bytes:
    """The content of weights.npz: floating numbers as `narrowed` gives them.

    Raises:
      ValueError: a number is not finite, or is not finite as `dtype`.
    """
    file = io.BytesIO()
    # bzip2 is up to a tenth smaller than what numpy.savez_compressed writes; numpy.load reads both.
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in stored.items():
            with np.errstate(over="ignore"):
                narrow = narrowed(array, dtype)
            if not np.all(np.isfinite(narrow)):
                raise ValueError(f"expected finite weights, got others in {name} as {dtype}")
            member = zipfile.ZipInfo(f"{name}.npy")
            member.compress_type = zipfile.ZIP_BZIP2
            with archive.open(member, "w") as content:
                np.lib.format.write_array(content, narrow, allow_pickle=False)
    return file.getvalue()


def unpack(packed: bytes, expected: arrays.Shapes, where: str | pathlib.Path) -> arrays.Arrays:
    """The arrays of a weights.npz.

    Names, shapes and types are compared with those of the model before an array is read.

    Args:
      packed: the content of the file.
      expected: {name: (shape, dtype)} of the model's weights.
      where: the file, for errors.

    Raises:
      ValueError: the file cannot be read, or belongs to another model.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            _check_members(archive, expected)
            return {name: _array(archive, name) for name in expected}
    except Exception as error:  # zipfile, zlib and numpy raise many kinds.
        raise ValueError(f"{where} cannot be read: {reason(error)}") from error


def _check_members(archive, expected):
    names = archive.namelist()
    if len(set(names)) != len(names):
        raise ValueError("an array is in it twice")
    got = {}
    for member in names:
        if not member.endswith(".npy"):
            raise ValueError(f"{member} is not an array")
        got[member.removesuffix(".npy")] = _header(archive, member)
    wrong = arrays.differences(
        {name: shape for name, (shape, _) in expected.items()},
        {name: shape for name, (shape, _) in got.items()},
    )
    wrong += [
        f"{name} must hold {dtype.name} numbers, got {got[name][1]}"
        for name, (_, dtype) in expected.items()
        if name in got and not _fits(got[name][1], dtype)
    ]
    if wrong:
        raise ValueError(f"it does not fit the model: {arrays.few(wrong)}")


def _fits(dtype, own):
    """Whether numbers of a type may be put into a weight: floats of any size, equal integers."""
    return dtype.kind == own.kind == "f" or dtype == own


def _header(archive, member):
    """(shape, dtype) of an array; nothing else of it is read."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"{member} has the unknown format {version}")
        # The header's own length, before a header of gigabytes is read.
        length = _LENGTHS[version]
        size = int.from_bytes(file.read(length), "little")
        if size > _LARGEST_HEADER:
            raise ValueError(f"{member} has a header of {size} bytes")
        header = io.BytesIO(size.to_bytes(length, "little") + file.read(size))
        shape, _, dtype = _HEADERS[version](header)
        start = file.tell()
    if dtype.hasobject:
        raise ValueError(f"{member} has pickled objects")
    if archive.getinfo(member).file_size != start + math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{member} does not have the size that its header says")
    return shape, dtype


def _array(archive, name):
    with archive.open(f"{name}.npy") as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
        file.read(1)  # At the end the checksum is compared.
    # A float64 may be finite and too large for the weight.
    with np.errstate(over="ignore"):
        own = array.astype(np.float32) if array.dtype.kind == "f" else array
    if not np.all(np.isfinite(own)):
        raise ValueError(f"{name} is not finite")
    return array

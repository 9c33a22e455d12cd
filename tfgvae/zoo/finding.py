"""Find a preset by its name, its folder or its address; list those of the package."""

import difflib
import math
import os
import pathlib
from typing import Any, NamedTuple

from tfgvae.types import Model
from tfgvae.zoo import cards, hub, stored

HERE = pathlib.Path(__file__).parent


def names() -> list[str]:
    """The names of the presets in the package, in order."""
    return sorted(path.parent.name for path in HERE.glob(f"*/{cards.CARD}"))


def find(source: str | os.PathLike) -> pathlib.Path:
    """The folder of a preset.

    Args:
      source: a name of `names()`; a folder; or "hf://user/name", which is downloaded. A name is
        never a folder: write ./NAME for a folder in the working directory.

    Raises:
      ValueError: an unknown name; the message lists the known ones, the nearest first.
      FileNotFoundError: no such folder.
      ImportError, PermissionError, ConnectionError: see hub.fetch.
    """
    text = os.fspath(source)
    if text.startswith(hub.START):
        return hub.fetch(text)
    if isinstance(source, str) and text in names():
        return HERE / text
    folder = pathlib.Path(text)
    if text and folder.is_dir():
        return folder
    if not isinstance(source, str) or os.sep in text:
        raise FileNotFoundError(f"no folder {folder}")
    raise ValueError(
        f"unknown preset {text!r}; known, the nearest first: {', '.join(_nearest(text))}; or a "
        "folder, or hf://user/name"
    )


def _nearest(name):
    def distance(known):
        return -difflib.SequenceMatcher(None, name, known).ratio()

    return sorted(names(), key=distance)


def open_preset(source: str | os.PathLike) -> stored.Stored:
    """The card and the configuration of a preset.

    Raises:
      ValueError, OSError, ImportError: as `find`, and for damaged files, which are named.
    """
    return stored.read(find(source))


def from_preset(source: str | os.PathLike) -> Model:
    """A trained model, ready to sample, encode, evaluate, export, and to be trained further.

    Loading runs no code of the preset's files, and checks the SHA-256 of each.

    Args:
      source: a name that `tfgvae.presets()` lists; a folder that train.publish made; or
        "hf://user/name", or "hf://user/name@revision", a repository of the Hugging Face Hub, which
        needs the extra [hub].

    Returns:
      A model of tfgvae.models, not compiled.

    Raises:
      ValueError: an unknown name; a file that is damaged or foreign; the message names it.
      FileNotFoundError: no such folder or repository.
      PermissionError, ConnectionError, ImportError: a gated repository; no network; no extra.
    """
    return open_preset(source).model()


class Row(NamedTuple):
    """A line of the table of presets."""

    name: str
    model: str
    data: str
    parameters: int
    size: int  # bytes
    metric: str


class Table(tuple[Row, ...]):
    """Rows that print as a table with aligned columns."""

    def __repr__(self) -> str:
        lines = [("preset", "model", "data", "parameters", "size", "test set")]
        lines += [
            (r.name, r.model, r.data, f"{r.parameters:,}", _size(r.size), r.metric) for r in self
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = []
        for line in lines:
            cells = [
                cell.rjust(width) if column in (3, 4) else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            shown.append("  ".join(cells).rstrip())
        return "\n".join(shown)

    __str__ = __repr__


def _size(count):
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def shown(metric: dict[str, Any]) -> str:
    """A metric of a card as text: "log_likelihood 12.34 +- 0.56 nats, lower bound"."""
    value, error = f"{metric['value']:.4g}", metric["standard_error"]
    if error:  # Two digits of the error, and the value to the same decimal place.
        place = min(9, max(0, 1 - math.floor(math.log10(error))))
        value = f"{metric['value']:.{place}f} +- {error:.{place}f}"
    section, _, name = metric["name"].rpartition(".")
    if section and name in ("estimate", "lower", "upper"):  # Bounds on what the section measures.
        name = section
    return f"{name} {value} {metric['unit']}, {metric['kind']}".replace("  ", " ")


def presets() -> Table:
    """The presets of the package: rows (name, model, data, parameters, size, metric).

    It prints as a table. The size is that of the files, in bytes.
    """
    return Table(_row(cards.read(HERE / name)) for name in names())


def _row(card):
    size = sum(file["bytes"] for file in card["files"].values())
    model = card["model"]
    return Row(
        card["name"],
        model["name"],
        card["data"]["name"],
        model["parameters"],
        size,
        shown(cards.headline(card)),
    )

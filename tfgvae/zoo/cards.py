"""card.json of a preset: its schema, and the check of the files that it vouches for."""

import functools
import hashlib
import json
import pathlib
from typing import Any

from tfgvae.runs import read_json
from tfgvae.zoo import schema

CARD, CONFIG, WEIGHTS = "card.json", "config.json", "weights.npz"
FILES = (CONFIG, WEIGHTS, CARD)
FORMAT = 1
_LARGEST_CARD = 10**6  # bytes


@functools.cache
def card_schema() -> dict[str, Any]:
    """The JSON schema of a card."""
    return json.loads(pathlib.Path(__file__).with_name("card.schema.json").read_text())


def check(card: Any, where: str | pathlib.Path) -> dict[str, Any]:
    """A card, if it fits the schema and its headline is one of its metrics.

    Raises:
      ValueError: it does not; the message has `where` and names the field.
    """
    made_by_later = isinstance(card, dict) and isinstance(card.get("format"), int)
    if made_by_later and card["format"] > FORMAT:
        raise ValueError(
            f"{where} has format {card['format']}, this version of tfgvae reads {FORMAT}: "
            "install a newer one"
        )
    said = schema.problem(card, card_schema())
    if said:
        raise ValueError(f"{where} is not the card of a preset: {said}")
    names = [metric["name"] for metric in card["metrics"]]
    if card["headline"] not in names:
        raise ValueError(
            f"{where} is not the card of a preset: its headline {card['headline']!r} is not one of "
            f"its metrics, {', '.join(names)}"
        )
    return card


def check_field(path: str, value: Any, called: str) -> None:
    """Check a value for one field of a card, named by its path: "training.cpu_seconds".

    Raises:
      ValueError: it does not fit the schema; the message begins with `called`.
    """
    field = card_schema()
    for name in path.split("."):
        field = field["properties"][name]
    said = schema.problem(value, field, called)
    if said:
        raise ValueError(said)


def read(folder: str | pathlib.Path) -> dict[str, Any]:
    """The card of a preset's folder.

    Raises:
      FileNotFoundError: there is none.
      ValueError: it is no card.
    """
    path = pathlib.Path(folder) / CARD
    if not path.is_file():
        raise FileNotFoundError(f"{folder} is not the folder of a preset: it has no {CARD}")
    if path.stat().st_size > _LARGEST_CARD:
        raise ValueError(f"{path} is not the card of a preset: it has more than 1 MB")
    return check(read_json(path), path)


def headline(card: dict[str, Any]) -> dict[str, Any]:
    """The metric of a card that stands for the preset."""
    return next(metric for metric in card["metrics"] if metric["name"] == card["headline"])


def digest(content: bytes) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def content(folder: str | pathlib.Path, card: dict[str, Any], name: str) -> bytes:
    """The bytes of a file of a preset, checked against its card.

    Raises:
      ValueError: the file is missing, has another size, or another SHA-256.
    """
    path, expected = pathlib.Path(folder) / name, card["files"][name]
    if not path.is_file():
        raise ValueError(f"{path} is missing")
    size = path.stat().st_size
    if size != expected["bytes"]:  # Before it is read.
        raise ValueError(
            f"{path} is damaged: it has {size} bytes, its card says {expected['bytes']}"
        )
    read = path.read_bytes()
    if digest(read) != expected["sha256"]:
        raise ValueError(f"{path} is damaged: its SHA-256 is not the one in {CARD}")
    return read

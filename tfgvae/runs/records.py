"""What a run folder says of itself: config.json and metrics.jsonl."""

import json
import os
import pathlib
from typing import Any


def read_config(folder: str | os.PathLike) -> dict[str, Any] | None:
    """config.json of a run folder as a dict, or None when there is none.

    Raises:
      ValueError: the file is not JSON, or not a dict.
    """
    path = pathlib.Path(folder) / "config.json"
    config = read_json(path)
    if config is not None and not isinstance(config, dict):
        raise ValueError(f"{path} must be the configuration of a run, a JSON object")
    return config


def read_json(path: pathlib.Path) -> Any:
    """What a file holds, or None when there is none.

    Raises:
      ValueError: the file is not JSON.
    """
    try:
        return _parse(path.read_bytes(), path)
    except FileNotFoundError:
        return None


def _parse(content, where):
    try:
        return json.loads(content.decode())
    # Not JSON, not UTF-8, or nested too deeply.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} is not JSON: {error}") from error


def read_metrics(folder: str | os.PathLike) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl as a list of dicts; a last line cut short is left out.

    Raises:
      ValueError: another line is not JSON, or has no step and split; the message names it.
    """
    path = pathlib.Path(folder) / "metrics.jsonl"
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break
        row = _parse(line, f"{path}, line {number},")
        if not (
            isinstance(row, dict)
            and isinstance(row.get("step"), int)
            and isinstance(row.get("split"), str)
        ):
            raise ValueError(
                f'{path}, line {number}, must be a JSON object with "step", a number, and "split"'
            )
        rows.append(row)
    return rows

"""What is known of a run or a preset: its configuration, its numbers, its metrics over training."""

import dataclasses
import math
import os
import pathlib

from configs import base
from configs.fields import flat
from tfgvae import runs
from tfgvae.estimators.estimate import Estimate
from tfgvae.zoo import finding
from train.evaluate.section import Number
from train.files import read_json

# Not part of what a run is: names, places, and how often something is written.
HIDDEN = ("recipe", "imports", "data.data_dir", "data.download", "pictures.", "train.keep")
# Numbers of a run's own test row whose unit is not nats.
NO_NATS = ("images_per_second", "loss_scale", "skipped_steps")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A column of the comparison.

    Attributes:
      name: short, and unique among the entries.
      source: what the user gave.
      config: {key: value}, flat; a value at None belongs to a part that is not chosen.
      numbers: {name: Number}: "METRIC.NUMBER" of an evaluation or of a preset's card, and
        "test.TERM" of the run itself, without standard errors.
      step: the training step of the numbers, or None.
      history: the rows of metrics.jsonl; [] for a preset.
      settings: those of the evaluation that made the numbers.
      notes: sentences about what is missing.
    """

    name: str
    source: str
    config: dict
    numbers: dict
    step: int | None
    history: list
    settings: dict = dataclasses.field(default_factory=dict)
    notes: tuple = ()


def read(sources):
    """The entries of run folders and presets, in order.

    Raises:
      ValueError, OSError: one of them is neither, or cannot be read.
    """
    names = _names(sources)
    return [_entry(source, name) for source, name in zip(sources, names, strict=True)]


def _names(sources):
    """The last part of each path, with as much of its parents as makes the names differ."""
    parts = [pathlib.PurePath(os.path.normpath(source)).parts for source in sources]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return list(sources)


def _entry(source, name):
    folder = pathlib.Path(source)
    if folder.is_dir() and not (folder / "card.json").is_file():
        return _of_run(folder, source, name)
    found = finding.open_preset(source)
    numbers = {metric["name"]: _number(metric) for metric in found.card["metrics"]}
    step = found.card.get("training", {}).get("steps")
    by_metric = found.card["evaluation"].get("settings", {})
    settings = {key: value for part in by_metric.values() for key, value in part.items()}
    return Entry(name, source, _config(found.run_config), numbers, step, [], settings)


def _of_run(folder, source, name):
    config = runs.read_config(folder)
    if config is None:
        raise FileNotFoundError(f"{folder} is not a run folder: it has no config.json")
    history, notes = runs.read_metrics(folder), []
    numbers, step, settings = _evaluated(folder)
    if not numbers:
        notes.append(
            f"{name} has no standard errors; they come from python -m train.evaluate "
            f"--workdir={source}"
        )
    own = [row for row in history if row["split"] == "test"]
    if own:
        numbers |= _own_numbers(own[-1])
    else:
        notes.append(f"{name} has not finished: it has no metrics of the test set.")
    newest = max((row["step"] for row in history), default=None)
    if step is not None and newest is not None and step != newest:
        notes.append(f"{name} was evaluated at step {step}; its training is at step {newest}.")
    step = newest if step is None else step
    return Entry(name, source, _config(config), numbers, step, history, settings, tuple(notes))


def _config(stored):
    """{key: value} with the defaults of the fields that an older file does not have."""
    values = {**flat(base.get_config()), **flat(stored)}
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    return {key: v for key, v in values.items() if not key.startswith(HIDDEN)}


def _evaluated(folder):
    """(numbers, step, settings) of RUN/evaluation/report.json, if there is one."""
    path = folder / "evaluation" / "report.json"
    report = read_json(path)
    if report is None:
        return {}, None, {}
    try:
        numbers = {
            f"{metric}.{key}": _number(number)
            for metric, entry in report["metrics"].items()
            if entry["status"] == "done"
            for key, number in entry["numbers"].items()
        }
        return numbers, report["checkpoint"]["step"], report["settings"]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no report of train.evaluate: {error!r}") from error


def _number(stored):
    """A Number from a report or from a card, which has the name beside it."""
    return Number.from_dict({key: value for key, value in stored.items() if key != "name"})


def _own_numbers(row):
    """The numbers that training wrote about the test set; those not finite are left out."""
    meaning = "Mean over the test set with one draw of z for each image, at the end of training."
    found = {}
    for key, value in row.items():
        if key in ("step", "split", *NO_NATS) or not isinstance(value, (int, float)):
            continue
        if math.isfinite(value):
            found[f"test.{key}"] = Number(Estimate(float(value)), meaning)
    return found

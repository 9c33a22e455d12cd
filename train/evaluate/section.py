"""The result of a metric: numbers with error bars, sentences, plots, pictures; to JSON and back."""

import dataclasses
import math

import numpy as np

from tfgvae.estimators.estimate import Estimate


class NotApplicable(Exception):
    """A metric has no meaning for a model or its data. The message gives the reason."""


@dataclasses.dataclass(frozen=True)
class Number:
    """One row of the table: an Estimate and its meaning in plain words."""

    estimate: Estimate
    meaning: str

    def as_dict(self):
        """A dict for JSON."""
        return {**self.estimate.as_dict(), "meaning": self.meaning}

    @classmethod
    def from_dict(cls, stored):
        """The number of a dict that `as_dict` made."""
        fields = {k: v for k, v in stored.items() if k != "meaning"}
        if fields["standard_error"] is None:
            fields["standard_error"] = math.nan
        return cls(Estimate(**fields), stored["meaning"])


@dataclasses.dataclass(frozen=True)
class Curve:
    """y over x; `error` is a standard error for each point, or None."""

    name: str
    x: list
    y: list
    error: list | None = None
    style: str = "line"  # or "dashed", "dotted", "points", "bars"


@dataclasses.dataclass(frozen=True)
class Plot:
    """One pair of axes.

    Attributes:
      title, x_label, y_label: strings; the labels include the unit.
      curves: list of Curve.
      levels: {name: y}, horizontal lines, for example a cap or the value of the data.
      x_scale, y_scale: "linear" or "log".
      marks: {name: x}, vertical lines.
      y_limits: (lowest, highest) y that is shown, or None for all.
    """

    title: str
    x_label: str
    y_label: str
    curves: list
    levels: dict = dataclasses.field(default_factory=dict)
    x_scale: str = "linear"
    y_scale: str = "linear"
    marks: dict = dataclasses.field(default_factory=dict)
    y_limits: tuple | None = None

    @classmethod
    def from_dict(cls, stored):
        """The plot of a dict of its fields."""
        return cls(**{**stored, "curves": [Curve(**curve) for curve in stored["curves"]]})


@dataclasses.dataclass(frozen=True)
class Picture:
    """A grid of images: uint8 [height, width, 3]. Its `name` is unique in its section.

    Pictures with the same `row` are shown side by side.
    """

    name: str
    caption: str
    pixels: np.ndarray
    row: str = ""


@dataclasses.dataclass
class Section:
    """The result of one metric.

    Attributes:
      numbers: {name: Number}.
      sentences: conclusions, for readers who do not know the terms.
      notes: assumptions and sizes, for experts.
      plots, pictures: lists of Plot and Picture.
    """

    numbers: dict = dataclasses.field(default_factory=dict)
    sentences: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    plots: list = dataclasses.field(default_factory=list)
    pictures: list = dataclasses.field(default_factory=list)

    def add(self, name, estimate, meaning):
        """Add a row of the table."""
        self.numbers[name] = Number(estimate, meaning)

    def add_finite(self, name, estimate, meaning):
        """Add a row, or a note if its value is not finite, for values where this is allowed."""
        if math.isfinite(estimate.value):
            self.add(name, estimate, meaning)
        else:
            self.notes.append(f"{name.replace('_', ' ')} is not finite ({estimate.value}).")

    def check(self):
        """Raise ArithmeticError if a value is infinite or not a number."""
        bad = [k for k, n in self.numbers.items() if not math.isfinite(n.estimate.value)]
        if bad:
            values = ", ".join(f"{k} = {self.numbers[k].estimate.value}" for k in bad)
            raise ArithmeticError(f"not finite: {values}")

    def as_dict(self):
        """A dict for JSON, without the pictures' pixels."""
        return {
            "numbers": {name: number.as_dict() for name, number in self.numbers.items()},
            "sentences": self.sentences,
            "notes": self.notes,
            "plots": [_finite(dataclasses.asdict(plot)) for plot in self.plots],
        }

    @classmethod
    def from_dict(cls, stored, pictures):
        """The section of a dict that `as_dict` made, with its pictures."""
        return cls(
            {name: Number.from_dict(number) for name, number in stored["numbers"].items()},
            stored["sentences"],
            stored["notes"],
            [Plot.from_dict(plot) for plot in stored["plots"]],
            pictures,
        )


def _finite(value):
    """Plain Python values, with None for numbers that are not finite: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value

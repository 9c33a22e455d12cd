"""Write the results of an experiment: NAME.png, NAME.pdf, NAME.json and NAME.csv."""

import csv
import dataclasses
import io
import json
import math

import matplotlib

matplotlib.use("Agg")  # No screen is needed.
import matplotlib.pyplot as plt

from tfgvae.estimators.estimate import Estimate
from train.files import write_whole


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim of the paper and our measurement.

    Attributes:
      claim: the claim, a sentence.
      measured: our result, with its numbers.
      holds: whether they agree.
    """

    claim: str
    measured: str
    holds: bool


def plain(value):
    """A value for JSON: Estimates as dicts, numpy scalars as numbers, NaN and infinity as None."""
    if isinstance(value, Estimate):
        return value.as_dict()
    if dataclasses.is_dataclass(value):
        return plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _columns(row):
    """A row with two columns, NAME and NAME_standard_error, for each Estimate."""
    columns = {}
    for name, value in row.items():
        if isinstance(value, Estimate):
            columns[name] = value.value
            columns[f"{name}_standard_error"] = value.standard_error
        else:
            columns[name] = value
    return plain(columns)


def as_csv(rows):
    """The text of a CSV file of rows: dicts, whose keys may differ."""
    rows = [_columns(row) for row in rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_figure(figure, folder, name):
    """Write a matplotlib figure as NAME.png and NAME.pdf, and close it."""
    for kind in ("png", "pdf"):
        file = io.BytesIO()
        # Without a date, the same figure gives the same file.
        metadata = {"CreationDate": None} if kind == "pdf" else {}
        figure.savefig(file, format=kind, dpi=120, metadata=metadata)
        write_whole(folder / f"{name}.{kind}", file.getvalue())
    plt.close(figure)


def write(context, name, figure, settings, rows, claims, numbers=None):
    """Write the figure and its numbers, and print the claims.

    Args:
      context: a Context.
      name: the experiment's name.
      figure: a matplotlib figure.
      settings: the experiment's settings, a dataclass.
      rows: the figure's numbers for the CSV file, a list of dicts.
      claims: a list of Claim.
      numbers: more entries for the JSON file, a dict.
    """
    surroundings = {k: v for k, v in vars(context).items() if k not in ("say", "output")}
    report = {
        "experiment": name,
        **surroundings,
        "settings": settings,
        "claims": claims,
        **(numbers or {}),
        "rows": rows,
    }
    write_figure(figure, context.output, name)
    write_whole(context.output / f"{name}.csv", as_csv(rows))
    # Last: if the report exists, the other files do.
    write_whole(context.output / f"{name}.json", json.dumps(plain(report), indent=2) + "\n")
    for claim in claims:
        context.say(f"[{'holds' if claim.holds else 'DOES NOT HOLD'}] {claim.claim}")
        context.say(f"    measured: {claim.measured}")


def show_grid(panel, images, title):
    """Show images [R, C, H, W, channels] in a panel, without axes."""
    from train.pictures import grid

    panel.imshow(grid(images))
    panel.set_title(title, fontsize=9)
    panel.axis("off")

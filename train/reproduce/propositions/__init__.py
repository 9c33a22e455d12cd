"""Propositions 1 to 6, the naive bound and Section 4 on finite spaces, by exact enumeration.

Each is a function (settings, rng) -> rows of the table, curves of the figure. A row whose condition
is broken is expected to fail. A row is as expected if the measured value (by training or
simulation) agrees with the exact one, and the claim holds or fails as expected.
"""

import json

import numpy as np

from tfgvae import checks, runs
from train.errors import as_setup_error
from train.reproduce.propositions import (
    eq3_naive,
    figure,
    prop1_nearest_member,
    prop2_gibbs,
    prop3_ancestral,
    prop4_squared_error,
    prop5_sequential,
    prop6_pixel_entropy,
    section4_information,
    table,
)
from train.reproduce.propositions.row import of_dict
from train.reproduce.propositions.settings import SETTINGS, Settings
from train.reproduce.results import as_csv, plain, write_figure
from train.workdir import write_whole

__all__ = ["PROPOSITIONS", "SETTINGS", "Settings", "generator", "run", "solve"]

PROPOSITIONS = {
    "1": prop1_nearest_member.rows,
    "2": prop2_gibbs.rows,
    "3": prop3_ancestral.rows,
    "Eq. 3-4": eq3_naive.rows,
    "4": prop4_squared_error.rows,
    "5": prop5_sequential.rows,
    "6": prop6_pixel_entropy.rows,
    "Sec. 4": section4_information.rows,
}


def generator(seed, name):
    """The random generator of one proposition. It does not depend on which others are run."""
    # numpy takes no negative seeds.
    return np.random.default_rng((seed % 2**64, list(PROPOSITIONS).index(name)))


def solve(settings, seed, say, report, keep):
    """Run every proposition that is not in the report.

    Args:
      settings: a Settings.
      seed: an int.
      say: called with each line for the user.
      report: {"finished": [proposition], "rows": [dict], "curves": {}}; results are added to it.
      keep: called without arguments after each proposition.
    """
    for name, rows in PROPOSITIONS.items():
        if name in report["finished"]:
            say(f"{name}: done before")
            continue
        made, curves = rows(settings, generator(seed, name))
        report["rows"] += [row.as_dict() for row in made]
        report["curves"].update(curves)
        report["finished"].append(name)
        keep()
        good = sum(row.as_expected for row in made)
        say(f"{name}: {good} of {len(made)} rows as expected")


def run(context, settings):
    """Write propositions.json, .csv, .png and .pdf.

    Propositions that an interrupted call with the same settings has finished are not run again.

    Args:
      context: a Context; its data set is not used.
      settings: a Settings.

    Raises:
      SetupError: a data set is given; propositions.json is damaged.
    """
    path = context.output / "propositions.json"
    with as_setup_error():
        if context.dataset:
            raise ValueError(f"propositions takes no data set, got {context.dataset!r}")
        report = opened(path, context.seed, settings)
        context.output.mkdir(parents=True, exist_ok=True)
    solve(settings, context.seed, context.say, report, lambda: write_whole(path, as_json(report)))
    rows = [of_dict(row) for row in report["rows"]]
    write_whole(context.output / "propositions.csv", as_csv(report["rows"]))
    write_figure(figure.draw(rows, report["curves"]), context.output, "propositions")
    for line in table.as_text(rows):
        context.say(line)


def as_json(report):
    """The text of propositions.json."""
    return json.dumps(plain(report), indent=2) + "\n"


def opened(path, seed, settings):
    """The report of an earlier call with this seed and these settings, or a new one.

    Raises:
      ValueError: the file is not JSON.
    """
    new = {
        "experiment": "propositions",
        "seed": checks.integer("seed", seed, -(2**63), 2**63 - 1),
        "settings": plain(settings),
        "finished": [],
        "curves": {},
        "rows": [],
    }
    old = runs.read_json(path)
    same = isinstance(old, dict) and all(
        old.get(key) == new[key] for key in ("experiment", "seed", "settings")
    )
    return old if same else new

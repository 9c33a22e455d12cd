"""Propositions 1 to 6, the naive bound and Section 4 on finite spaces, by exact enumeration.

Each is a function (settings, rng) -> rows of the table, curves of the figure. Where a proposition's
condition is broken the row is expected to fail; a row is as expected when what was trained or
simulated agrees with what was enumerated, and the claim then holds or fails as it should.
"""

import json
import pathlib

import numpy as np

from tfgvae import checks, runs
from tfgvae.registry import lookup
from train.reproduce.propositions import (
    ancestral,
    figure,
    gibbs,
    information,
    naive,
    nearest_member,
    pixel_entropy,
    sequential,
    squared_error,
    table,
)
from train.reproduce.propositions.row import of_dict
from train.reproduce.propositions.settings import SETTINGS
from train.workdir import write_whole

PROPOSITIONS = {
    "1": nearest_member.rows,
    "2": gibbs.rows,
    "3": ancestral.rows,
    "Eq. 3-4": naive.rows,
    "4": squared_error.rows,
    "5": sequential.rows,
    "6": pixel_entropy.rows,
    "Sec. 4": information.rows,
}


def generator(seed, name):
    """The random numbers of one proposition: they do not depend on which others are run."""
    # numpy takes no negative seeds.
    return np.random.default_rng((seed % 2**64, list(PROPOSITIONS).index(name)))


def solve(settings, seed, say, report, keep):
    """Run every proposition that the report does not have.

    Args:
      settings: a Settings.
      seed: an int.
      say: called with each line for the user.
      report: {"finished": [proposition], "rows": [dict], "curves": {}}; added to.
      keep: called with no argument after each proposition.
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


def run(output, preset, seed, say):
    """Write propositions.json, .csv, .png and .pdf into a folder.

    What an interrupted call with the same settings has finished is not run again.

    Args:
      output: pathlib.Path of the folder.
      preset: a name in SETTINGS.
      seed: an int.
      say: called with each line for the user.

    Raises:
      ValueError: an unknown preset, a seed that is no int64, a damaged propositions.json.
    """
    output = pathlib.Path(output)
    settings = lookup(SETTINGS, preset, "preset")
    seed = checks.integer("seed", seed, -(2**63), 2**63 - 1)
    path = output / "propositions.json"
    asked = {"preset": preset, "seed": seed, "settings": vars(settings)}
    asked = json.loads(json.dumps(asked))  # Tuples are lists, as in the file.
    report = runs.read_json(path)
    if report is None or any(report.get(key) != value for key, value in asked.items()):
        report = {**asked, "finished": [], "curves": {}, "rows": []}
    output.mkdir(parents=True, exist_ok=True)
    solve(
        settings, seed, say, report, lambda: write_whole(path, json.dumps(report, indent=1) + "\n")
    )
    rows = [of_dict(row) for row in report["rows"]]
    write_whole(output / "propositions.csv", table.as_csv(rows))
    figure.write(rows, report["curves"], output)
    for line in table.as_text(rows):
        say(line)

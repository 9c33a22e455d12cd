"""compare: the table on the terminal, compare.csv and compare.html."""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import csv
import io
import math
import pathlib

from train import files
from train.compare import differences, entries, page, words
from train.errors import as_setup_error
from train.evaluate import table


def compare(sources, output, command="train.compare.compare", say=print):
    """Compare runs and presets.

    Args:
      sources: run folders, or presets as tfgvae.from_preset takes them; the differences are those
        to the first.
      output: the folder to write compare.html and compare.csv into.
      command: how it was called, for the page.
      say: called with each line for the user.

    Returns:
      {name: {number: Estimate}}.

    Raises:
      train.errors.SetupError: a source that is neither, or a folder that cannot be written.
    """
    output = pathlib.Path(output)
    with as_setup_error():
        found = entries.read([str(source) for source in sources])
        say(text(found) + "\n")
        for warning in differences.warnings(found):
            say(warning)
        output.mkdir(parents=True, exist_ok=True)
        files.write_whole(output / "compare.csv", as_csv(found))
        files.write_whole(output / "compare.html", page.html(found, command))
    say(f"Comparison: {output / 'compare.html'}")
    return {e.name: {k: n.estimate for k, n in e.numbers.items()} for e in found}


def text(found):
    """The configurations that differ, and the numbers: one column for each entry."""
    rows = [["", *(entry.name for entry in found)]]
    for key, values in differences.fields(found).items():
        rows.append([key, *map(words.shown, values)])
    rows.append([""] * len(rows[0]))
    for name in differences.numbers(found):
        numbers = [entry.numbers.get(name) for entry in found]
        rows.append([name, *("-" if n is None else table.shown(n.estimate) for n in numbers)])
        apart = differences.to_first(found, name)[1:]
        if any(apart):
            cells = ("-" if d is None else words.signed(d) for d in apart)
            rows.append(["  difference", "", *cells])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def as_csv(found):
    """One line for each entry: the fields that differ, then each number, its error and differences.

    What is not known is empty.
    """
    fields, names = differences.fields(found), differences.numbers(found)
    head = ["run", "source", "step", *fields]
    for name in names:
        head += [name, f"{name}.standard_error", f"{name}.difference", f"{name}.difference_error"]
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(head)
    apart = {name: differences.to_first(found, name) for name in names}
    for column, entry in enumerate(found):
        row = [entry.name, entry.source, entry.step, *(v[column] for v in fields.values())]
        for name in names:
            number = entry.numbers.get(name)
            row += [*_cells(number and number.estimate), *_cells(apart[name][column])]
        writer.writerow(row)
    return lines.getvalue()


def _cells(estimate):
    """The value and the error of an Estimate, or of None."""
    if estimate is None:
        return "", ""
    error = estimate.standard_error
    return estimate.value, error if math.isfinite(error) else ""

"""compare.html: one page without other files."""

from train.compare import differences, words
from train.evaluate import plots, style, table
from train.evaluate.page import element, escape
from train.evaluate.section import Curve, Plot

# Terms whose curves are shown, if a run has them.
TERMS = ("bound", "elbo", "nll", "kl", "penalty")
CSS = """
td.value { font-weight: 400; }
.scroll { overflow-x: auto; }
.difference { color: var(--soft); font-size: .85rem; }
"""


def html(found, command):
    """The page: a string.

    Args:
      found: list of entries.Entry.
      command: how it was called.
    """
    title = f"Comparison of {', '.join(entry.name for entry in found)}"
    head = [
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        element("title", escape(title)),
        element("style", style.CSS + CSS),
    ]
    body = [
        element("header", element("h1", escape(title))),
        _notes(found),
        _configurations(found),
        _numbers(found),
        _curves(found),
        _origin(found, command),
    ]
    inside = element("head", *head) + "\n" + element("body", element("main", "\n".join(body)))
    return f'<!DOCTYPE html>\n<html lang="en">{inside}</html>\n'


def _notes(found):
    items = [element("li", escape(warning)) for warning in differences.warnings(found)]
    return element("ul", *items, class_="lede") if items else ""


def _table(found, rows):
    names = (element("th", escape(entry.name)) for entry in found)
    head = element("thead", element("tr", element("th"), *names))
    return element("div", element("table", head, element("tbody", *rows)), class_="scroll")


def _row(name, cells, title=None):
    first = element("td", escape(name), class_="name", title=title)
    return element("tr", first, *(element("td", cell, class_="value") for cell in cells))


def _configurations(found):
    rows = [
        _row(key, (escape(words.shown(value)) for value in values))
        for key, values in differences.fields(found).items()
    ]
    said = "" if rows else element("p", "The configurations are the same.")
    content = _table(found, rows) if rows else said
    return element("section", element("h2", "Configurations that differ"), content)


def _numbers(found):
    rows = []
    for name in differences.numbers(found):
        numbers = [entry.numbers.get(name) for entry in found]
        apart = differences.to_first(found, name)
        meaning = next(number.meaning for number in numbers if number)
        cells = (_cell(number, apart[n]) for n, number in enumerate(numbers))
        rows.append(_row(name, cells, meaning))
    reading = element(
        "p",
        "Values are means with their standard errors. Below each is the difference to the first "
        "column, with the error of independent values: for runs that are evaluated on the same "
        "images it is too large.",
        class_="soft",
    )
    content = _table(found, rows) if rows else element("p", "Nothing has been measured.")
    return element("section", element("h2", "Measured"), reading, content)


def _cell(number, apart):
    if number is None:
        return "-"
    below = (
        "" if apart is None else element("div", escape(words.signed(apart)), class_="difference")
    )
    return escape(table.shown(number.estimate)) + below


def _curves(found):
    drawn = []
    for term in TERMS:
        curves = [_curve(entry, term) for entry in found]
        curves = [curve for curve in curves if curve.x]
        if curves:
            plot = Plot(term, "training step", "nats per image", curves)
            figure = element("figcaption", escape(f"{term} of the validation images"))
            drawn.append(element("figure", figure, plots.svg(plot, f"curve-{term}")))
    if not drawn:
        return ""
    return element(
        "section", element("h2", "Over training"), element("div", *drawn, class_="plots")
    )


def _curve(entry, term):
    rows = [
        row for row in entry.history if row["split"] == "validation" and row.get(term) is not None
    ]
    return Curve(entry.name, [row["step"] for row in rows], [row[term] for row in rows])


def _origin(found, command):
    facts = {"Command": element("code", escape(command))}
    for entry in found:
        at = "" if entry.step is None else f", step {entry.step:,}"
        facts[entry.name] = element("code", escape(entry.source)) + escape(at)
    rows = (element("dt", escape(key)) + element("dd", value) for key, value in facts.items())
    return element("section", element("h2", "How this was made"), element("dl", *rows))

"""report.html: one page without other files, for readers who have not read the paper."""

import base64
import html as escaping
import io
import itertools
import pathlib

from PIL import Image

from train.evaluate import plots, style, table

# Titles of metrics whose names are not clear enough.
TITLES = {
    "annealed_importance": "Annealed importance sampling",
    "aggregate_posterior": "Codes against the prior",
    "fitted_prior": "A prior fitted to the codes",
    "frechet": "Distance to the data",
    "precision_recall": "Precision and recall",
    "chain": "Gibbs chain",
}
WIDE = 2.0  # a picture with a larger ratio of width to height gets its own row


def escape(text):
    """Text escaped for HTML; " +- " becomes the plus-minus sign."""
    return escaping.escape(str(text).replace(" +- ", " \u00b1 "), quote=True)


def spoken(name):
    """The name of a metric or number as words: log_likelihood becomes "log likelihood"."""
    return name.replace("_", " ")


def title_of(name):
    """The heading of a metric's section."""
    if name in TITLES:
        return TITLES[name]
    words = spoken(name)
    return words[:1].upper() + words[1:]


def element(tag, *content, **attributes):
    """<tag ...>content</tag>; contents must be HTML, attributes are escaped here."""
    given = "".join(f' {k.rstrip("_")}="{escape(v)}"' for k, v in attributes.items() if v)
    return f"<{tag}{given}>{''.join(content)}</{tag}>"


def _image(picture):
    file = io.BytesIO()
    Image.fromarray(picture.pixels).save(file, format="png", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    height, width, _ = picture.pixels.shape
    size = f'width="{width}" height="{height}"'
    shown = f'<img src="data:image/png;base64,{data}" alt="{escape(picture.caption)}" {size}>'
    kind = "wide" if width > WIDE * height else ""
    return element("figure", shown, element("figcaption", escape(picture.caption)), class_=kind)


def _pictures(pictures):
    rows = itertools.groupby(pictures, key=lambda picture: picture.row)
    blocks = []
    for row, group in rows:
        figures = [_image(picture) for picture in group]
        kind = "pictures beside" if row and len(figures) == 3 else "pictures"
        blocks.append(element("div", *figures, class_=kind))
    return "".join(blocks)


def _numbers(numbers):
    heads = ("", "value", "kind, unit", "count", "what it is")
    head = element("tr", *(element("th", escape(name)) for name in heads))
    rows = []
    for name, number in numbers.items():
        e = number.estimate
        kind = ", ".join(part for part in (e.kind, e.unit) if part)
        cells = {
            "name": spoken(name),
            "value": table.shown(e),
            "kind": kind,
            "count": f"{e.count:,}" if e.count else "",
            "meaning": number.meaning,
        }
        rows.append(element("tr", *(element("td", escape(v), class_=k) for k, v in cells.items())))
    return element("table", element("thead", head), element("tbody", *rows)) if rows else ""


def _plots(name, section):
    figures = []
    for number, plot in enumerate(section.plots):
        drawn = plots.svg(plot, f"{name}-{number}")
        figures.append(element("figure", element("figcaption", escape(plot.title)), drawn))
    return element("div", *figures, class_="plots") if figures else ""


def _section(name, entry, section):
    notes = ""
    if section.notes:
        lines = (element("p", escape(note)) for note in section.notes)
        notes = element("details", element("summary", "Assumptions and sizes"), *lines)
    return element(
        "section",
        element("h2", escape(title_of(name))),
        element("p", escape(entry["meaning"]), class_="soft"),
        *(element("p", escape(sentence)) for sentence in section.sentences),
        _numbers(section.numbers),
        _plots(name, section),
        _pictures(section.pictures),
        notes,
        id=name,
    )


def title(report):
    """The page's title: the run folder's name, without its parent folders."""
    return f"Evaluation of {pathlib.Path(report['workdir']).resolve().name}"


def _header(report):
    model, data, checkpoint = report["model"], report["data"], report["checkpoint"]
    latent = " x ".join(map(str, model["latent_shape"]))
    about = (
        f"Model {model['name']}: p(x|z) {model['family']}, z of {latent} numbers, "
        f"{model['parameters']:,} weights; step {checkpoint['step']:,}. "
        f"Data: {data['name']}, split {data['split']}."
    )
    return element(
        "header",
        element("h1", escape(title(report))),
        element("p", escape(about), class_="soft"),
    )


def _summary(report, sections):
    items = [
        element("li", element("strong", f"{title_of(name)}. "), escape(sentence))
        for name, section in sections.items()
        for sentence in section.sentences
    ]
    for name, entry in report["metrics"].items():
        if entry["status"] == "failed":
            said = f"{title_of(name)} failed: {entry['reason']}"
            items.append(element("li", escape(said), class_="failed"))
    return element("ul", *items, class_="lede") if items else ""


def _navigation(sections):
    links = (element("a", escape(title_of(name)), href=f"#{name}") for name in sections)
    return element("nav", "\n".join(links))


def _left_out(report):
    rows = [
        element("dt", escape(title_of(name))) + element("dd", escape(entry["reason"]))
        for name, entry in report["metrics"].items()
        if entry["status"] == "left out"
    ]
    return element("section", element("h2", "Left out"), element("dl", *rows)) if rows else ""


def _origin(report):
    settings = ", ".join(f"{k} {v}" for k, v in report["settings"].items())
    versions = ", ".join(f"{k} {v}" for k, v in report["versions"].items())
    seconds = {k: e["seconds"] for k, e in report["metrics"].items() if "seconds" in e}
    facts = {
        "Command": element("code", escape(report["command"])),
        "Run": element("code", escape(report["workdir"])),
        "Checkpoint": escape(f"{report['checkpoint']['file']}, seed {report['seed']}"),
        "Settings": escape(settings),
        "Seconds": escape(", ".join(f"{spoken(k)} {v:.0f}" for k, v in seconds.items())),
        "Versions": escape(versions),
    }
    rows = (element("dt", escape(k)) + element("dd", v) for k, v in facts.items())
    reading = (
        "Each value has its standard error. It measures the random error of the value, not the "
        "distance of a bound from the truth. Shaded bands are two standard errors. 1 nat is 1.44 "
        "bits."
    )
    return element(
        "section",
        element("h2", "How this was made"),
        element("p", escape(reading)),
        element("dl", *rows),
    )


def html(report, sections):
    """The page: a string.

    Args:
      report: the content of report.json.
      sections: {metric: Section} of the metrics that are done.
    """
    entries = report["metrics"]
    body = [
        _header(report),
        _summary(report, sections),
        _navigation(sections),
        *(_section(name, entries[name], section) for name, section in sections.items()),
        _left_out(report),
        _origin(report),
    ]
    head = [
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        element("title", escape(title(report))),
        element("style", style.CSS),
    ]
    inside = element("head", *head) + "\n" + element("body", element("main", "\n".join(body)))
    return f'<!DOCTYPE html>\n<html lang="en">{inside}</html>\n'

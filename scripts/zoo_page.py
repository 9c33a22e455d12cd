"""Write docs/results/presets.md and docs/preset_gallery.md from the cards of the presets.

    python scripts/zoo_page.py

docs/results/published.json has the published numbers that stand beside ours. A test fails where a
page and the cards differ.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tfgvae.zoo import cards, finding

RESULTS = ROOT / "docs" / "results" / "presets.md"
GALLERY = ROOT / "docs" / "preset_gallery.md"
PUBLISHED = ROOT / "docs" / "results" / "published.json"
IMAGES = ROOT / "docs" / "images" / "zoo"

# The pictures of a preset, in the order of the page: the kind of scripts/zoo_pictures.py, and what
# is said below it.
KINDS = {
    "ancestral": "Ancestral samples.",
    "chain": "A row is a sample, a column is a step of the model.",
    "gibbs": "A row is a Gibbs chain from noise, a column is one of its steps.",
    "reconstruction": "Test images, and below them their reconstructions.",
    "interpolation": "A row is the path between the codes of two test images.",
    "traversal": "A row changes one coordinate of the code of a test image.",
    "plane": "The plane of the two latents, at quantiles of the prior.",
}
# What is said of a type of the stored weights, where its name does not say it.
WEIGHTS = {"short": "float16 with 7 bits of fraction"}
HEAD = """# Presets

This page is written from the cards of the presets by `python scripts/zoo_page.py`. Each number is
on the test set, with its standard error, and each section has the commands that made it. The
pictures are in the [gallery](../preset_gallery.md). Where the last cell is empty, we know of no
published number for the same data.

| preset | data | parameters | headline | a published number |
|---|---|---|---|---|
"""
GALLERY_HEAD = """# Gallery of the presets

Drawn from the shipped weights by `python scripts/zoo_pictures.py`, seed 0. The numbers are on the
page of [results](results/presets.md).
"""


def all_cards():
    """The cards of the presets of the package, in the order of their names."""
    return [cards.read(finding.HERE / name) for name in finding.names()]


def published(name):
    """What others reached, "value, model (source)", or "" if nothing compares."""
    row = json.loads(PUBLISHED.read_text()).get(name)
    return f"{row['value']}: {row['what']} ({row['source']})" if row else ""


def cell(text):
    """Text for a cell of a table."""
    return text.replace("|", r"\|")


def row(card):
    """A preset's line of the table."""
    name, data = card["name"], card["data"]["name"]
    number = finding.shown(cards.headline(card))
    cells = [f"[{name}](#{name})", data, f"{card['model']['parameters']:,}", number]
    return "| " + " | ".join(map(cell, [*cells, published(name)])) + " |"


def parts(card):
    """The parts of a preset's model: "gaussian family, kl regularizer"."""
    return ", ".join(f"{name} {part}" for part, name in card["model"]["parts"].items())


def cpu_time(training):
    """The CPU time of a training, which a card need not know."""
    seconds = training["cpu_seconds"]
    return "" if seconds is None else f"{seconds / 60:.0f} minutes of CPU time, "


def section(card):
    """All that a card says of a preset."""
    training, model, kind = card["training"], card["model"], card["weights"]["dtype"]
    shape = "x".join(map(str, model["image_shape"]))
    lines = [f"({card['name']})=", f"## {card['name']}", "", card["description"], ""]
    lines += [
        f"- Model: `{model['class']}` of {shape} images; {parts(card)}.",
        f"- Data: {card['data']['name']} {card['data']['version']}. {card['data']['licence']}.",
        *(f"- {line}" for line in card["data"]["preprocessing"]),
        f"- Training: {training['steps']:,} steps, seed {training['seed']}, "
        f"{cpu_time(training)}{training['machine']}.",
        f"- Weights: {WEIGHTS.get(kind, kind)}, {card['weights']['licence']}.",
        "",
    ]
    lines += [f"    {training['command']}", f"    {card['evaluation']['command']}", ""]
    lines += ["| metric | value | kind |", "|---|---|---|"]
    for metric in card["metrics"]:
        shown, _, _ = finding.shown(metric).rpartition(", ")
        value = shown.partition(" ")[2].strip()
        lines.append(f"| {metric['name']} | {cell(value)} | {metric['kind']} |")
    lines.append("")
    if published(card["name"]):
        lines += [f"To compare: {published(card['name'])}.", ""]
    return [*lines, "Limits:", "", *(f"- {limit}" for limit in card["limits"]), ""]


def results():
    """The text of docs/results/presets.md."""
    made = all_cards()
    lines = [HEAD + "\n".join(map(row, made)), ""]
    for card in made:
        lines += section(card)
    return "\n".join(lines).rstrip() + "\n"


def figure(name, kind):
    """A picture of a preset as a figure of the site."""
    said = KINDS[kind]
    path = f"images/zoo/{name}_{kind}.png"
    return [f"```{{figure}} {path}", f":alt: {name}, {kind}", "", said, "```", ""]


def gallery():
    """The text of docs/preset_gallery.md."""
    lines = [GALLERY_HEAD]
    for card in all_cards():
        name = card["name"]
        lines += [f"## {name}", "", card["description"], "", ":::{container} gallery", ""]
        for kind in KINDS:
            if (IMAGES / f"{name}_{kind}.png").exists():
                lines += figure(name, kind)
        lines += [":::", ""]
    return "\n".join(lines).rstrip() + "\n"


PAGES = {RESULTS: results, GALLERY: gallery}


if __name__ == "__main__":
    for path, text in PAGES.items():
        path.write_text(text())
        print(path.relative_to(ROOT))

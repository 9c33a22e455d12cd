"""The site's text: every page is in a toctree, no local link or image is dead. Nothing is built."""

import importlib
import pathlib
import re

import pytest

import configs.base

ROOT = pathlib.Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = [page for page in sorted(DOCS.rglob("*.md")) if "_build" not in page.parts]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *SITE]
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"^```(?!\{figure\}).*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)|^```\{figure\} (\S+)", re.MULTILINE)
# Folders of pages that are made when the site is built.
GENERATED = {DOCS / "reference" / "packages"}


def name(path):
    return str(path.relative_to(ROOT))


def children(page):
    """The pages in the toctrees of a page."""
    found = []
    for block in TOCTREE.findall(page.read_text()):
        entries = [line.strip() for line in block.splitlines()]
        for entry in entries:
            if not entry or entry.startswith(":"):
                continue
            if entry.endswith("/*"):
                assert (page.parent / entry[:-2]) in GENERATED
                continue
            path = re.sub(r".*<(.*)>$", r"\1", entry)  # "Title <path>" or "path".
            found.append((page.parent / f"{path}.md").resolve())
    return found


def test_every_page_is_in_a_toctree():
    reached, waiting = set(), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            assert page.exists(), f"a toctree names {page}, which is not there"
            reached.add(page)
            waiting += children(page)
    missing = [name(page) for page in SITE if page not in reached]
    assert not missing


def anchors(page):
    """The anchors of a page's headings, as MyST and GitHub make them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE):
        text = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(text.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", TEXTS, ids=name)
def test_no_local_link_is_dead(page):
    for groups in LINK.findall(CODE.sub("", page.read_text())):
        link = groups[0] or groups[1]
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{name(page)} links to {link}"


def test_every_picture_is_shown():
    text = "".join(page.read_text() for page in TEXTS)
    unused = [p.name for p in (DOCS / "images").iterdir() if f"images/{p.name}" not in text]
    assert not unused


DOTTED = re.compile(r"`((?:tfgvae|train|export|configs)(?:\.\w+)+)")
# "train.steps" is a field of the configuration, "train.py" a file of the user.
FIELDS = {f"train.{field}" for field in configs.base.get_config().train}
FILES = {"train.py", "export.py"}
NAMES = {(found, name(page)) for page in TEXTS for found in DOTTED.findall(page.read_text())}
NAMES = sorted((dotted, page) for dotted, page in NAMES if dotted not in FIELDS | FILES)


@pytest.mark.parametrize(("dotted", "page"), NAMES)
def test_a_name_in_the_text_is_there(dotted, page):
    parts = dotted.split(".")
    thing = importlib.import_module(parts[0])
    for i, part in enumerate(parts[1:], 2):
        if not hasattr(thing, part):
            importlib.import_module(".".join(parts[:i]))
        thing = getattr(thing, part)

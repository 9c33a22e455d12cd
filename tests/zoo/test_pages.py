"""The pages of the presets are those that scripts/zoo_page.py writes from the cards."""

import importlib.util
import json

import pytest

from tfgvae.zoo import finding
from train.publish.origin import ROOT


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = script("zoo_page")


@pytest.mark.parametrize("path", PAGE.PAGES, ids=lambda path: path.name)
def test_a_page_is_what_the_cards_say(path):
    """`python scripts/zoo_page.py` writes it again."""
    assert path.read_text() == PAGE.PAGES[path]()


def test_every_preset_has_its_samples_and_no_other_picture_is_kept():
    """`python scripts/zoo_pictures.py` draws them."""
    drawn = {path.stem.rpartition("_")[::2] for path in PAGE.IMAGES.glob("*.png")}
    assert {name for name, _ in drawn} == set(finding.names())
    assert {name for name, kind in drawn if kind == "ancestral"} == set(finding.names())
    assert {kind for _, kind in drawn} <= set(PAGE.KINDS)


def test_published_numbers_name_their_source():
    rows = json.loads(PAGE.PUBLISHED.read_text())
    assert all(set(row) == {"value", "what", "source"} for row in rows.values())


def test_a_changed_card_changes_the_page(monkeypatch):
    card = json.loads(json.dumps(PAGE.all_cards()[0]))
    card["metrics"][0]["value"] += 1.0
    monkeypatch.setattr(PAGE, "all_cards", lambda: [card])
    assert PAGE.results() != PAGE.RESULTS.read_text()

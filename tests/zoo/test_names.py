"""Names of presets, the table, the small JSON schema check."""

import pathlib

import jsonschema
import pytest

import tfgvae
from tfgvae.zoo import cards, finding, schema


def test_an_unknown_name_lists_the_known_ones_the_nearest_first(tmp_path, monkeypatch):
    for name in ("vae-mnist", "seqvae-digits", "seqvae-mnist"):
        (tmp_path / name).mkdir()
        (tmp_path / name / cards.CARD).write_text("{}")
    monkeypatch.setattr(finding, "HERE", tmp_path)
    with pytest.raises(ValueError, match="'seqvae-digts'; known, the nearest first: seqvae-digits"):
        finding.find("seqvae-digts")


def test_a_path_that_is_not_there_is_a_path(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        tfgvae.from_preset(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no folder a/b"):
        tfgvae.from_preset("a/b")
    with pytest.raises(FileNotFoundError, match="not the folder of a preset"):
        tfgvae.from_preset(tmp_path)


def test_a_name_goes_before_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seqvae-digits").mkdir()
    assert finding.find("seqvae-digits") == pathlib.Path(finding.HERE) / "seqvae-digits"
    assert finding.find("./seqvae-digits") == pathlib.Path("seqvae-digits")


def test_the_table_prints():
    table = tfgvae.presets()
    lines = str(table).splitlines()
    assert len(lines) == len(table) + 1 and len({line.index("  ") > 0 for line in lines}) == 1
    row = next(row for row in table if row.name == "seqvae-digits")
    assert row.data == "digits" and row.size < 20e6
    assert f"{row.parameters:,}" in repr(table) and "log_likelihood" in row.metric


# Every card has `format`, so all of the schema is compared below.
VALUES = [1, 1.5, True, None, "text", "", [], [1], {}, {"a": 1}, -1]
SCHEMAS = [
    {"type": "integer", "minimum": 0},
    {"type": ["string", "null"], "pattern": "^t"},
    {"type": "array", "minItems": 1, "items": {"type": "string"}},
    {"type": "object", "required": ["a"], "properties": {"a": {"enum": [1]}}},
    {"type": "object", "additionalProperties": False},
    {"type": "object", "additionalProperties": {"type": "string"}},
    {"type": "string", "minLength": 1},
    {"type": "boolean"},
]


@pytest.mark.parametrize("rules", SCHEMAS, ids=str)
def test_the_check_agrees_with_jsonschema(rules):
    validator = jsonschema.Draft202012Validator(rules)
    for value in VALUES:
        assert (schema.problem(value, rules) is None) == validator.is_valid(value), value


def test_the_schema_of_cards_is_one_and_uses_known_words():
    jsonschema.Draft202012Validator.check_schema(cards.card_schema())
    schema.problem({}, cards.card_schema())
    with pytest.raises(ValueError, match="the schema has"):
        schema.problem({}, {"oneOf": []})


@pytest.mark.parametrize("name", finding.names())
def test_every_card_fits_the_schema(name):
    card = cards.read(finding.HERE / name)
    jsonschema.validate(card, cards.card_schema())
    assert card["name"] == name


def test_all_presets_together_are_small():
    assert sum(row.size for row in tfgvae.presets()) <= 20e6

"""export.verify finds errors of a version folder and returns exit status 1."""

import json
import shutil

import numpy as np
import pytest

import tfgvae
from export import benchmark, bundle, verify, warmup
from export.layout import CARD, EXTRA, read_card, warmup_path
from tests.conformance.tiny_models import IMAGE
from tests.export.served import LIMITS, exported


@pytest.fixture
def copy(tmp_path):
    """A version folder that a test may damage."""
    _, folder = exported("gvae")
    return shutil.copytree(folder, tmp_path / "gvae" / "1")


def change_card(folder, change):
    card = read_card(folder)
    change(card)
    (folder / EXTRA / CARD).write_text(json.dumps(card))


def report(folder, capsys):
    """The exit status, and what was printed."""
    status = verify.main([str(folder)])
    printed = capsys.readouterr()
    return status, printed.out + printed.err


def test_a_good_version(copy, capsys):
    status, text = report(copy, capsys)
    assert status == 0 and "All is well" in text and "NO" not in text
    for name in read_card(copy)["signatures"]:
        assert f"\n{name}" in text


@pytest.mark.slow
def test_a_limit_that_does_not_hold(copy, capsys):
    def lower(card):
        card["limits"]["max_num_steps"] = LIMITS.max_num_steps - 2

    change_card(copy, lower)
    status, text = report(copy, capsys)
    assert status == 1
    assert "gibbs_sample: does not refuse too many steps" in text


@pytest.mark.slow
def test_a_limit_of_rows_that_does_not_hold(copy, capsys):
    change_card(copy, lambda card: card["limits"].update(max_rows=LIMITS.max_rows - 2))
    status, text = report(copy, capsys)
    assert status == 1
    assert "encode: does not refuse too many rows" in text


@pytest.mark.slow
def test_a_card_of_version_0_1_has_no_limit_of_rows(copy, capsys):
    change_card(copy, lambda card: card["limits"].pop("max_rows"))
    status, text = report(copy, capsys)
    assert status == 0, text


@pytest.mark.slow
def test_a_signature_that_the_card_does_not_have(copy, capsys):
    change_card(copy, lambda card: card["signatures"].pop("encode"))
    status, text = report(copy, capsys)
    assert status == 1 and "encode: the model has it, and it is not in the card" in text
    rows = {row.split()[0]: row.split()[1:] for row in text.splitlines() if "  " in row}
    assert rows["encode"] == ["-"] * 6 and rows["decode"][2:] == ["yes"] * 4


@pytest.mark.slow
def test_a_signature_that_the_model_does_not_have(copy, capsys):
    def add(card):
        card["signatures"]["another"] = card["signatures"]["encode"]

    change_card(copy, add)
    status, text = report(copy, capsys)
    assert status == 1 and "another: it is in the card, and the model does not have it" in text
    rows = {row.split()[0]: row.split()[1:] for row in text.splitlines() if "  " in row}
    assert rows["another"] == ["-"] * 6 and rows["encode"][2:] == ["yes"] * 4


@pytest.mark.slow
def test_a_signature_that_fails_does_not_end_the_check(copy, capsys):
    def widen(card):
        card["signatures"]["encode"]["inputs"]["images"]["shape"] = [None, 9, 9, 1]

    change_card(copy, widen)
    status, text = report(copy, capsys)
    assert status == 1 and "encode: fails on a correct request: Shape of tensor" in text
    assert "\ndecode " in text and "\ngibbs_from_noise " in text


def test_the_table_comes_before_a_missing_file(copy, capsys):
    warmup_path(copy).unlink()
    status, text = report(copy, capsys)
    assert status == 2 and "tf_serving_warmup_requests does not exist" in text
    assert text.index("\ngibbs_sample ") < text.index("does not exist")


@pytest.mark.slow
def test_shapes_that_are_not_those_of_the_card(copy, capsys):
    def widen(card):
        card["signatures"]["encode"]["outputs"]["z"]["shape"] = [None, 7]

    change_card(copy, widen)
    status, text = report(copy, capsys)
    assert status == 1 and "encode: z has shape (3, 4)" in text


@pytest.mark.slow
def test_outputs_that_are_not_those_of_the_card(copy, capsys):
    change_card(copy, lambda card: card["signatures"]["encode"]["outputs"].pop("z"))
    status, text = report(copy, capsys)
    assert status == 1 and "encode: gives ['mean', 'stddev', 'z']" in text


def test_a_family_whose_pixels_are_any_numbers(tmp_path, capsys):
    model = tfgvae.Marginal(IMAGE, family={"name": "gaussian", "link": "identity"})
    status, text = report(tfgvae.export(model, tmp_path / "any"), capsys)
    assert status == 0, text


@pytest.mark.slow
def test_a_signature_without_a_warmup_request(copy, capsys):
    described = read_card(copy)["signatures"]
    del described["decode"]
    warmup.write(warmup_path(copy), "gvae", described, (1,))
    status, text = report(copy, capsys)
    assert status == 1 and "no warm-up request for decode" in text


def test_weights_that_are_no_numbers(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bundle, "_require_finite", lambda variables: None)  # As in version 0.1.
    model = tfgvae.Marginal(IMAGE)
    model.theta.assign(np.full(model.theta.shape, np.nan))
    status, text = report(tfgvae.export(model, tmp_path / "pixels"), capsys)
    assert status == 1
    assert "ancestral_sample: mean is not finite" in text
    # No draw depends on its seed any more.
    assert "ancestral_sample: other seeds give the same samples" in text


def test_a_savedmodel_that_is_gone(copy, capsys):
    (copy / "saved_model.pb").unlink()
    status, text = report(copy, capsys)
    assert status == 2 and "saved_model.pb does not exist" in text


@pytest.mark.parametrize("command", [verify, benchmark])
@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "gone"])
@pytest.mark.parametrize(
    "name", ["variables/variables.data-00000-of-00001", "variables/variables.index"]
)
def test_damaged_weights_are_one_sentence(name, damage, command, copy, capsys):
    data = bytearray((copy / name).read_bytes())
    if damage == "gone":
        (copy / name).unlink()
    elif damage == "flipped":
        data[len(data) // 2] ^= 0xFF
        (copy / name).write_bytes(data)
    else:
        (copy / name).write_bytes(data[: len(data) // 2] if damage == "cut" else b"")
    assert command.main([str(copy)]) == 2
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err and printed.out == ""
    said = "does not exist" if damage == "gone" else "is damaged"
    assert len(printed.err.strip().splitlines()) == 1
    assert f"{copy / name} {said}" in printed.err


@pytest.mark.parametrize("name", ["saved_model.pb", "assets.extra/tf_serving_warmup_requests"])
def test_other_damaged_files_are_one_sentence(name, copy, capsys):
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])
    status, text = report(copy, capsys)
    assert status == 2 and f"{copy / name} is damaged" in text and "Traceback" not in text


def test_help(capsys):
    with pytest.raises(SystemExit, match="0"):
        verify.main(["--help"])
    assert "DIR/NAME/VERSION" in capsys.readouterr().out

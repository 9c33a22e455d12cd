"""train.compare: what differs, errors of differences, the page, the CSV file, what is refused."""

import csv
import json
import math

import pytest

from tests.compare.made_runs import run_folder
from tests.evaluate.page_checks import problems
from tfgvae.estimators.estimate import Estimate
from train.compare import __main__ as command
from train.compare import compare, differences, entries


@pytest.fixture
def two(tmp_path):
    """Two evaluated runs that differ in the weight of the KL; their names are HTML."""
    return [
        run_folder(
            tmp_path / "runs" / name,
            {"regularizer.weight": weight},
            {"elbo": elbo, "nll": None},
            {"log_likelihood": (elbo + 1, 0.3), "elbo": (elbo, error)},
        )
        for name, weight, elbo, error in (("<b>one", 1.0, -30.0, 0.4), ("two&", 2.0, -32.5, 0.3))
    ]


def compared(folders, tmp_path):
    lines = []
    found = compare(folders, tmp_path / "out", say=lines.append)
    return found, "\n".join(lines), tmp_path / "out"


def test_a_difference_and_its_error():
    found = differences.difference(Estimate(-32.5, 0.3), Estimate(-30.0, 0.4))
    assert found.value == -2.5 and found.standard_error == pytest.approx(0.5)
    assert math.isnan(differences.difference(Estimate(1.0), Estimate(2.0, 0.1)).standard_error)


def test_the_table(two, tmp_path):
    found, said, _ = compared(two, tmp_path)
    assert set(found) == {"<b>one", "two&"}
    lines = said.splitlines()
    (weight,) = (line.split() for line in lines if line.startswith("regularizer.weight"))
    assert weight == ["regularizer.weight", "1.0", "2.0"]
    row = next(n for n, line in enumerate(lines) if line.startswith("log_likelihood.elbo"))
    assert "-30.00 +- 0.40" in lines[row] and "-32.50 +- 0.30" in lines[row]
    assert lines[row + 1].split() == ["difference", "-2.50", "+-", "0.50"]
    assert "test.elbo" in said and "test.nll" not in said  # Not finite.
    # What is the same in both is not shown.
    assert "train.steps" not in said and "comparable" not in said


def test_the_page_is_whole_and_text_is_text(two, tmp_path):
    _, _, output = compared(two, tmp_path)
    page = (output / "compare.html").read_text()
    assert problems(page) == []
    assert "<b>" not in page and "&lt;b&gt;one" in page and "two&amp;" in page
    assert page.count("<svg") == 1 and "elbo of the validation images" in page  # kl is null.
    assert "-2.50 \u00b1 0.50" in page


def test_the_csv_file_has_a_line_for_each_run(two, tmp_path):
    _, _, output = compared(two, tmp_path)
    with open(output / "compare.csv", newline="") as file:
        first, second = csv.DictReader(file)
    assert first["run"] == "<b>one" and first["regularizer.weight"] == "1.0"
    assert first["step"] == "4" and first["log_likelihood.elbo.difference"] == ""
    assert float(second["log_likelihood.elbo"]) == -32.5
    assert float(second["log_likelihood.elbo.difference"]) == -2.5
    assert float(second["log_likelihood.elbo.difference_error"]) == pytest.approx(0.5)
    assert second["test.elbo.standard_error"] == ""


def test_families_of_the_same_pixels_can_be_compared(tmp_path):
    one = run_folder(tmp_path / "a", {"family.name": "bernoulli"}, {"elbo": -1.0})
    two = run_folder(tmp_path / "b", {"family.name": "pixelcnn"}, {"elbo": -1.0})
    _, said, _ = compared([one, two], tmp_path)
    assert "The families differ" not in said


def test_what_cannot_be_compared_is_said(tmp_path):
    one = run_folder(tmp_path / "a" / "run", {"data.binarize": "static"}, {"elbo": -1.0})
    other = {"family.name": "gaussian", "data.dequantize": True}
    two = run_folder(
        tmp_path / "b" / "run", other, None, {"elbo": (-1.0, None)}, settings={"num_images": 2}
    )
    three = run_folder(tmp_path / "c", None, {"elbo": -1.0}, {"elbo": (1.0, 0.1)}, steps=(2, 6))
    rows = (three / "metrics.jsonl").read_text()
    (three / "metrics.jsonl").write_text(rows + '{"step": 8, "split": "train", "elbo": 1.0}\n')
    found, said, _ = compared([one, two, three], tmp_path)
    assert list(found) == ["a/run", "b/run", f"{tmp_path.name}/c"]
    for sentence in (
        "data.binarize differs: likelihoods and errors are about other images",
        "data.dequantize differs",
        "The families differ",
        "The evaluations have other sizes: num_images.",
        "a/run has no standard errors",
        "b/run has not finished",
        "c was evaluated at step 6; its training is at step 8.",
    ):
        assert sentence in said, sentence


def test_a_field_that_an_older_file_does_not_have_is_at_its_default(tmp_path):
    one, two = (run_folder(tmp_path / name, None, {"elbo": -1.0}) for name in ("one", "two"))
    stored = json.loads((two / "config.json").read_text())
    del stored["train"]["accumulate"], stored["precision"]
    (two / "config.json").write_text(json.dumps(stored))
    assert differences.fields(entries.read([str(one), str(two)])) == {}


def test_a_preset_beside_a_run(two, tmp_path):
    found, said, output = compared(["seqvae-digits", two[0]], tmp_path)
    assert found["seqvae-digits"]["log_likelihood.log_likelihood"].standard_error > 0
    assert "model.name" in said and problems((output / "compare.html").read_text()) == []


def test_the_command(two, tmp_path, capsys):
    folders = [str(folder) for folder in two]
    assert command.main([*folders, f"--output={tmp_path}/out"]) == 0
    assert f"Comparison: {tmp_path}/out/compare.html" in capsys.readouterr().out
    assert "python -m train.compare" in (tmp_path / "out" / "compare.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{one}"], "two or more runs"),
        (["{one}", "{one}/"], "one run is given twice"),
        (["{one}", "{tmp}/none"], "no folder"),
        (["{one}", "{tmp}"], "is not a run folder: it has no config.json"),
        (["{one}", "nothing"], "unknown preset 'nothing'"),
        (["{one}", "{two}", "--output="], "--output must name a folder"),
        (["{one}", "{two}", "--output={one}/config.json"], "config.json"),
        (["{one}", "{bad}"], "is no report of train.evaluate"),
    ],
)
def test_what_is_refused_is_one_sentence(two, tmp_path, capsys, arguments, message):
    bad = run_folder(tmp_path / "bad", None, None, {})
    (bad / "evaluation" / "report.json").write_text('{"metrics": 3}')
    places = {"one": two[0], "two": two[1], "tmp": tmp_path, "bad": bad}
    assert command.main([argument.format(**places) for argument in arguments]) == 2
    said = capsys.readouterr().err.strip()
    assert message in said and "\n" not in said

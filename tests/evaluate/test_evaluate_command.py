"""The command from end to end: reports, resuming, what is computed again, exit statuses."""

import dataclasses
import functools
import json
import math
import re

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluate.evaluated import FAST, SIZES, STEP, run_folder
from tests.evaluate.page_checks import problems
from tfgvae.estimators.estimate import Estimate
from train.errors import SetupError
from train.evaluate import __main__ as command
from train.evaluate import evaluate, metrics
from train.evaluate.section import NotApplicable, Section
from train.workdir import lock


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A run with a name that is HTML."""
    return run_folder(tmp_path_factory.mktemp("runs") / "<b>&amp;run")


def quiet(line):
    pass


def refuse(context):
    """A metric that must not be computed."""
    raise AssertionError("computed again")


def replaced(monkeypatch, *names, by=refuse):
    for name in names:
        metric = functools.wraps(metrics.METRICS[name])(functools.partial(by))
        monkeypatch.setitem(metrics.METRICS, name, metric)


@pytest.fixture(scope="module")
def done(workdir):
    """The run evaluated by two fast metrics: (report, lines said)."""
    lines = []
    return evaluate(workdir, FAST, say=lines.append, **SIZES), lines


def test_the_files(workdir, done):
    report, lines = done
    output = workdir / "evaluation"
    stored = json.loads((output / "report.json").read_text(), parse_constant=pytest.fail)
    assert stored == report
    assert problems((output / "report.html").read_text()) == []
    assert list((workdir / "tensorboard" / "evaluation").glob(f"events.*.step-{STEP}"))
    table = "\n".join(lines)
    for name, entry in report["metrics"].items():
        assert entry["status"] == "done"
        for key in entry["numbers"]:
            assert f"{name}.{key}" in table


def test_what_the_report_holds(workdir, done):
    report, _ = done
    assert list(report["metrics"]) == FAST
    assert report["checkpoint"]["step"] == STEP and report["seed"] == 0
    assert {name: report["settings"][name] for name in SIZES} == SIZES
    for entry in report["metrics"].values():
        assert entry["meaning"] and entry["seconds"] >= 0
        for number in entry["numbers"].values():
            fields = {field.name for field in dataclasses.fields(Estimate)} | {"meaning"}
            assert set(number) == fields and math.isfinite(number["value"])


def test_markup_in_a_name_is_text(workdir, done):
    page = (workdir / "evaluation" / "report.html").read_text()
    assert "<b>" not in page and "&lt;b&gt;&amp;amp;run" in page


def test_tensorboard_has_the_numbers_once(workdir, done):
    folder = workdir / "tensorboard" / "evaluation"
    evaluate(workdir, FAST, say=quiet, **SIZES)
    (file,) = folder.glob("events.*")
    found = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            assert event.step == STEP
            if value.tag not in found:
                found[value.tag] = value.tensor
    report, _ = done
    for name, entry in report["metrics"].items():
        for key, number in entry["numbers"].items():
            stored = tf.make_ndarray(found[f"{name}/{key}"])
            np.testing.assert_allclose(stored, number["value"], rtol=1e-6)


def test_a_finished_metric_is_not_computed_again(workdir, done, monkeypatch):
    replaced(monkeypatch, *FAST)
    lines = []
    again = evaluate(workdir, FAST, say=lines.append, **SIZES)
    assert again == done[0]
    assert sum("as computed before" in line for line in lines) == len(FAST)


@pytest.mark.slow
def test_changed_settings_compute_only_what_reads_them(workdir, done, monkeypatch):
    replaced(monkeypatch, "reconstruction")
    changed = {**SIZES, "num_samples": 5}
    report = evaluate(workdir, FAST, say=quiet, **changed)
    new, old = report["metrics"], done[0]["metrics"]
    assert new["reconstruction"] == old["reconstruction"]
    assert new["log_likelihood"]["settings"]["num_samples"] == 5
    evaluate(workdir, FAST, say=quiet, **SIZES)  # As the other tests want it.


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"overwrite": True},
        pytest.param({"num_images": 11}, marks=pytest.mark.slow),
    ],
)
def test_what_computes_all_again(workdir, done, monkeypatch, tmp_path, change):
    evaluate(workdir, FAST[:1], tmp_path, say=quiet, **SIZES)
    replaced(monkeypatch, FAST[0])
    again = evaluate(workdir, FAST[:1], tmp_path, say=quiet, **{**SIZES, **change})
    assert "computed again" in again["metrics"][FAST[0]]["reason"]


def test_another_checkpoint_computes_again(tmp_path, monkeypatch):
    folder = run_folder(tmp_path / "run")
    evaluate(folder, FAST[:1], tmp_path / "out", say=quiet, **SIZES)
    other = run_folder(tmp_path / "other", seed=2)
    replaced(monkeypatch, FAST[0])
    report = evaluate(other, FAST[:1], tmp_path / "out", say=quiet, **SIZES)
    assert report["metrics"][FAST[0]]["status"] == "failed"


@pytest.mark.parametrize("file", [f"{FAST[0]}.json", f"{FAST[0]}-pairs.png"])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_damaged_metric_is_computed_again(workdir, done, file, damage):
    path = workdir / "evaluation" / "metrics" / file
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        # A digit for another one: still JSON.
        middle = whole.rindex(b"1")
        path.write_bytes(whole[:middle] + b"2" + whole[middle + 1 :])
    lines = []
    report = evaluate(workdir, FAST[:1], say=lines.append, **SIZES)
    assert any("reconstruction: done" in line for line in lines)
    assert report["metrics"][FAST[0]]["numbers"] == done[0]["metrics"][FAST[0]]["numbers"]
    assert path.exists()


def test_one_failure_does_not_lose_the_others(workdir, done, monkeypatch, tmp_path):
    def infinite(context):
        """A metric that overflows."""
        section = Section()
        section.add("score", Estimate(math.inf), "Too large.")
        return section

    def without(context):
        """A metric without meaning."""
        raise NotApplicable("This <model> has no such thing.")

    replaced(monkeypatch, "samples", by=infinite)
    replaced(monkeypatch, "log_likelihood", by=without)
    names = ["samples", *FAST]
    flags = [f"--{k}={v}" for k, v in SIZES.items()]
    flags += [f"--workdir={workdir}", f"--output={tmp_path}", f"--metrics={','.join(names)}"]
    assert command.main(flags) == 1
    report = json.loads((tmp_path / "report.json").read_text())
    assert {name: entry["status"] for name, entry in report["metrics"].items()} == {
        "samples": "failed",
        "reconstruction": "done",
        "log_likelihood": "left out",
    }
    assert "score = inf" in report["metrics"]["samples"]["reason"]
    page = (tmp_path / "report.html").read_text()
    assert problems(page) == []
    assert "score = inf" in page and "This &lt;model&gt; has no such thing." in page


def test_interrupted_it_goes_on(workdir, monkeypatch, tmp_path, capsys):
    def interrupted(context):
        raise KeyboardInterrupt

    flags = [f"--{k}={v}" for k, v in SIZES.items()]
    flags += [f"--workdir={workdir}", f"--output={tmp_path}", f"--metrics={','.join(FAST)}"]
    with monkeypatch.context() as patch:
        replaced(patch, FAST[1], by=interrupted)
        assert command.main(flags) == 130
    assert "goes on" in capsys.readouterr().err
    replaced(monkeypatch, FAST[0])
    assert command.main(flags) == 0
    out = capsys.readouterr().out
    assert f"{FAST[0]}: as computed before" in out and f"{FAST[1]}: done" in out


def test_two_at_a_time_are_refused(workdir, tmp_path):
    with lock(tmp_path), pytest.raises(SetupError, match="another process is evaluating into"):
        evaluate(workdir, FAST[:1], tmp_path, say=quiet, **SIZES)


def test_an_earlier_metric_stays_in_the_report(workdir, done, monkeypatch):
    replaced(monkeypatch, *FAST)
    report = evaluate(workdir, FAST[1:], say=quiet, **SIZES)
    assert list(report["metrics"]) == FAST


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--metrics=log_likelihood,sharpnes"], "unknown metric sharpnes; known: samples"),
        (["--metrics="], "no metric is given"),
        (["--num_images=1"], "num_images must be an integer from 2 to 1000000, got 1"),
        (["--chain_steps=1000000"], "chain_steps must be an integer from 8 to 10000, got 1000000"),
        (["--seed=-1"], "seed"),
        (["--step=7"], f"no checkpoint of step 7 in .*{STEP}"),
        (["--classifier=nowhere.keras"], "nowhere.keras"),
    ],
)
def test_what_makes_no_evaluation(workdir, capsys, flags, said):
    assert command.main([f"--workdir={workdir}", *flags]) == 2
    error = capsys.readouterr().err
    assert re.search(said, error) and "Traceback" not in error


def test_a_folder_without_a_run(tmp_path, capsys):
    assert command.main([f"--workdir={tmp_path}"]) == 2
    assert "no config.json" in capsys.readouterr().err
    with pytest.raises(SetupError, match="no folder"):
        evaluate(tmp_path / "nowhere", say=quiet)


def test_help_names_every_metric(capsys):
    with pytest.raises(SystemExit, match="0"):
        command.main(["--help"])
    out = capsys.readouterr().out
    for name in metrics.METRICS:
        assert f"  {name} " in out and metrics.meaning(name) in out

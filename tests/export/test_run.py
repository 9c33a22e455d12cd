"""The command on a run folder, and the files that it writes next to the version."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

import tfgvae
from export import readme, run, server_configs, verify
from export.layout import read_card, versions
from export.marks import MARK, is_ours, replace_text
from tests.conformance.tiny_models import IMAGE
from tfgvae import runs
from train import unfinished

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A run folder of a tiny model, as training leaves it."""
    folder = tmp_path_factory.mktemp("runs") / "pixels-digits"
    model = tfgvae.Marginal(IMAGE)
    model.compile(keras.optimizers.Adam())
    model.train_batches.assign(20)
    path = runs.checkpoint_path(folder, 20)
    path.parent.mkdir(parents=True)
    model.save(path)
    data = {"name": "folder:/home/someone/pictures", "data_dir": "/home/someone/tfds"}
    (folder / "config.json").write_text(json.dumps({"data": data, "train": {"steps": 20}}))
    rows = [
        {"step": step, "split": split, "nll": 40.0 - step}
        for step in (10, 20, 30)
        for split in ("train", "validation")
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def output(workdir, tmp_path_factory):
    """What two exports of the run write."""
    folder = tmp_path_factory.mktemp("output") / "served"
    flags = [f"--workdir={workdir}", f"--output={folder}"]
    assert run.main(flags) == 0
    assert run.main([*flags, "--name=other", "--num_samples=3"]) == 0
    return folder


def test_the_files(output):
    files = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    for name in ("pixels-digits", "other"):
        assert f"{name}/1/saved_model.pb" in files
        assert f"{name}/1/variables/variables.index" in files
        assert f"{name}/1/assets.extra/tf_serving_warmup_requests" in files
        assert f"{name}/1/assets.extra/model_card.json" in files
        assert f"{name}/1/assets.extra/reference_answers.npz" in files
    top = {"models.config", "batching.config", "monitoring.config", "README.md"}
    assert {name for name in files if "/" not in name} == top


def test_the_card_has_the_run(output):
    card = read_card(output / "other" / "1")
    assert card["training_step"] == 20
    assert card["metrics"] == {
        split: {"step": 20, "split": split, "nll": 20.0} for split in ("train", "validation")
    }
    assert card["limits"] == {
        "max_num_steps": 200,
        "num_samples": 3,
        "max_rows": 256,
        "batch_sizes": [1, 4, 16, 64],
        "jit_batch_sizes": [],
    }
    assert card["data"] == card["run_config"]["data"] == {"name": "folder:pictures"}
    assert card["libraries"]["tensorflow"]
    assert "/home/" not in json.dumps(card)


def test_the_server_reads_the_list_of_models(output):
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((output / "models.config").read_text(), config)
    paths = {model.name: model.base_path for model in config.model_config_list.config}
    assert paths == {"other": "/models/other", "pixels-digits": "/models/pixels-digits"}


def test_another_export_leaves_tuned_files_alone(output, workdir):
    (output / "batching.config").write_text("max_batch_size { value: 8 }\n")
    assert run.main([f"--workdir={workdir}", f"--output={output}", "--name=other"]) == 0
    assert (output / "batching.config").read_text() == "max_batch_size { value: 8 }\n"
    assert "version 2" in (output / "README.md").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--workdir=/nowhere"], "no folder /nowhere"),
        (["--step=7"], "no checkpoint of step 7"),
        (["--name=a/b"], "a model's name is"),
        (["--max_num_steps=0"], "max_num_steps must be an integer"),
        (["--max_rows=63"], "--max_rows must be >= 64, because the server makes batches of that"),
        (["--keep=0"], "--keep must be >= 1, got 0"),
        (["--output="], "expected --output=DIR, the folder of all models, got an empty name"),
    ],
)
def test_errors_are_one_message(workdir, tmp_path, capsys, change, message):
    flags = [f"--workdir={workdir}", f"--output={tmp_path / 'served'}", *change]
    assert run.main(flags) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not (tmp_path / "served").exists()


def test_weights_that_are_no_numbers_are_one_message(workdir, tmp_path, capsys):
    damaged = shutil.copytree(workdir, tmp_path / "run")
    model = tfgvae.Marginal(IMAGE)
    model.compile(keras.optimizers.Adam())
    model.train_batches.assign(20)
    model.theta.assign(np.full(model.theta.shape, np.nan))
    model.save(runs.checkpoint_path(damaged, 20))
    assert run.main([f"--workdir={damaged}", f"--output={tmp_path / 'served'}"]) == 2
    error = capsys.readouterr().err
    # The checkpoint is damaged for every command; tfgvae.export refuses such a model by itself.
    assert "every checkpoint is damaged" in error and "is not finite" in error
    assert "Traceback" not in error and not (tmp_path / "served").exists()


@pytest.mark.parametrize("name", ["README.md", "models.config"])
def test_a_file_that_no_export_wrote_is_never_replaced(
    name, workdir, tmp_path, capsys, monkeypatch
):
    """The user stands in a folder of their own, and exports into it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("# My project\n")
    assert run.main([f"--workdir={workdir}", "--output=."]) == 2
    error = capsys.readouterr().err
    assert f"{name} was not written by an export" in error and "Traceback" not in error
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "# My project\n"


def test_files_of_earlier_versions_without_the_mark_are_replaced(tmp_path):
    for name in ("README.md", "models.config"):
        server_configs.write(tmp_path)
        readme.write(tmp_path)
        _, _, old = (tmp_path / name).read_text().partition("\n")
        (tmp_path / name).write_text(old.lstrip("\n"))
        assert MARK not in (tmp_path / name).read_text() and is_ours(tmp_path / name)
        (tmp_path / name).write_text(old.replace("docker", "podman") + "# mine\n")
        assert not is_ours(tmp_path / name)
        (tmp_path / name).unlink()


def test_a_file_left_by_a_killed_export_is_removed_and_no_other(tmp_path):
    for name, text in ((".README.md.71", f"<!-- {MARK} -->"), (".README.md.72", "my own")):
        (tmp_path / name).write_text(text)
    (tmp_path / ".README.md.73").touch()
    (tmp_path / ".README.md.bak").touch()
    running = tmp_path / ".README.md.74"
    running.touch()
    with unfinished.held(running):
        replace_text(tmp_path / "README.md", MARK)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"README.md", ".README.md.72", ".README.md.74", ".README.md.bak"}


# Runs an export with files of at most this many bytes, as on a full disk.
LIMITED = """
import resource, sys, train.start
from export import run
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(run.main(sys.argv[2:]))
"""


# What does not fit.
@pytest.mark.slow
@pytest.mark.parametrize("limit", ["graph", "README"])
def test_a_full_disk_is_one_sentence_and_no_half_of_a_file(workdir, output, tmp_path, limit):
    sizes = {path.name: path.stat().st_size for path in output.rglob("*") if path.is_file()}
    served = tmp_path / "served"
    if limit == "graph":
        # The size of a graph varies a little from one export to the next.
        limit = sizes["saved_model.pb"] // 2
    elif limit == "README":
        # Larger than every file of a version. The README has the sections of many models.
        limit = max(sizes.values()) + 1
        shutil.copytree(output, served)
        for n in range(1 + limit // 2000):
            shutil.copytree(output / "other", served / f"other{n}")
    flags = [f"--workdir={workdir}", f"--output={served}", "--name=new"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *flags],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    said = done.stderr.strip().splitlines()
    assert done.returncode == 2 and len(said) == 1, done.stderr
    assert "File too large" in said[0] and "cannot write" in said[0]
    if (served / "README.md").exists():
        assert said[0].startswith(f"{served / 'new' / '1'} is complete, but cannot write")
        assert (served / "README.md").read_text() == (output / "README.md").read_text()
        assert verify.main([str(served / "new" / "1")]) == 0
    else:
        assert said[0].endswith("no version was added") and not list((served / "new").iterdir())
    assert not [path for path in served.iterdir() if path.name.startswith(".")]


def test_a_link_or_a_folder_is_never_replaced(tmp_path):
    (tmp_path / "README.md").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "models.config").mkdir()
    for name in ("README.md", "models.config"):
        with pytest.raises(ValueError, match=f"{name} was not written by an export"):
            replace_text(tmp_path / name, "text")
    assert (tmp_path / "README.md").is_symlink()


def test_verify_finds_nothing_wrong(output, capsys):
    assert verify.main([str(output / "other" / "1")]) == 0
    out = capsys.readouterr().out
    assert "All is well" in out and "log_likelihood" in out and " NO" not in out


def test_verify_of_what_is_no_export(tmp_path, capsys):
    assert verify.main([str(tmp_path)]) == 1
    assert "has no model card" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        verify.main([])


def test_keep_removes_old_versions_of_this_model_only(workdir, tmp_path, capsys):
    flags = [f"--workdir={workdir}", f"--output={tmp_path}"]
    assert run.main([*flags, "--name=other"]) == 0
    for _ in range(3):
        assert run.main([*flags, "--name=kept", "--keep=2"]) == 0
    out = capsys.readouterr().out
    assert versions(tmp_path / "kept") == [2, 3] and versions(tmp_path / "other") == [1]
    assert f"Removed: {tmp_path / 'kept' / '1'}" in out

"""tfgvae.train: the run of the command line, as one call."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import tfgvae
from tests.train import tiny_runs as tiny
from tfgvae import runs
from train import run as command
from train.errors import Interrupted, TrainError
from train.notebook import arguments

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def fields():
    """The smallest networks, as keyword arguments."""
    given = {}
    for key, value in tiny.FLAGS.items():
        section, _, field = key.partition(".")
        given.setdefault(section, {})[field] = value
    given["train"] |= {"log_every": 1}
    # The recipe's name has the place of this section.
    width = given.pop("model")
    return {**given, **{f"model.{key}": value for key, value in width.items()}}


def train(folder, model="vae", steps=2, **given):
    settings = {**fields(), "verbose": False, **given}
    return tfgvae.train(model, steps=steps, workdir=folder, **settings)


def handlers():
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.slow
def test_it_is_the_run_of_the_command(tmp_path):
    """The same config.json, the same weights, the same metrics; then both resume."""
    before = handlers()
    model = train(tmp_path / "a")
    flags = (f"--workdir={tmp_path / 'b'}", "--steps=2", "--config.train.log_every=1")
    assert command.main(["run", *tiny.SMALLEST, *flags]) == 0
    assert runs.read_config(tmp_path / "a") == runs.read_config(tmp_path / "b")
    expected = runs.load(tmp_path / "b")
    for a, b in zip(model.weights, expected.weights, strict=True):
        if a.name != "test_batches":  # The trained model has counted its evaluation.
            np.testing.assert_array_equal(a, b, err_msg=a.path)
    losses = [
        [(row["step"], row["split"], row["loss"]) for row in runs.read_metrics(tmp_path / name)]
        for name in "ab"
    ]
    assert losses[0] == losses[1]
    # Another call in this process goes on.
    assert tfgvae.train(workdir=tmp_path / "a", steps=3, verbose=False).train_batches == 3
    assert handlers() == before


def test_the_model_is_compiled_and_trained(tmp_path):
    model = train(tmp_path, seed=5, batch_size=16, family="gaussian", **{"train.clip_norm": 2.0})
    assert isinstance(model, tfgvae.GVAE) and model.optimizer is not None
    stored = runs.read_config(tmp_path)
    assert stored["seed"] == 5 and stored["family"]["name"] == "gaussian"
    assert stored["train"]["batch_size"] == 16 and stored["train"]["clip_norm"] == 2.0
    assert tfgvae.train(workdir=tmp_path, verbose=False).train_batches == 2  # It has finished.


@pytest.mark.slow
def test_it_says_what_the_command_says_or_nothing(tmp_path, capsys):
    train(tmp_path / "a", verbose=True)
    said = capsys.readouterr().out
    assert "step 2/2 [====" in said and f'tfgvae.load("{tmp_path / "a"}")' in said
    train(tmp_path / "b")
    assert capsys.readouterr().out == ""


def test_keywords_are_flags():
    given = {"model": "vae", "data": "npz:a b.npz", "workdir": None, "overwrite_config": True}
    assert arguments(given) == ["--model=vae", "--dataset=npz:a b.npz", "--overwrite_config=True"]
    given = {"data": {"image_size": (8, 9), "crop": None}, "label_condition": True}
    assert arguments(given) == ["--config.data.image_size=(8,9,)", "--config.label_condition=True"]
    given = {"mapping": {"name": "mlp", "dense": [8]}, "regularizer": "mmd"}
    assert arguments(given) == [
        "--config.mapping.name=mlp",
        "--config.mapping.dense=(8,)",
        "--config.regularizer.name=mmd",
    ]


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ({"model": "vea"}, ["--model=vea"]),
        ({}, []),
        ({"model": "vae", "steps": 0}, ["--model=vae", "--steps=0"]),
        ({"model": "vae", "steps": "many"}, ["--model=vae", "--steps=many"]),
        ({"model": "vae", "steps": 2.5}, ["--model=vae", "--steps=2.5"]),
        ({"model": "vae", "data": "nonesuch"}, ["--model=vae", "--dataset=nonesuch"]),
        ({"model": "vae", "familly": "x"}, ["--model=vae", "--config.familly=x"]),
        ({"model": "vae", "family": "x"}, ["--model=vae", "--config.family.name=x"]),
        ({"model": "vae", "train": {"x": 1}}, ["--model=vae", "--config.train.x=1"]),
        ({"model": "vae", "strategy": "x"}, ["--model=vae", "--strategy=x"]),
        ({"model": "vae", "batch_size": -7}, ["--model=vae", "--batch_size=-7"]),
    ],
)
def test_a_wrong_argument_has_the_words_of_the_command(given, flags, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command.main(["tfgvae.train", *flags]) == 2
    words = capsys.readouterr().err.strip()
    with pytest.raises(ValueError, match=r"\S") as error:
        tfgvae.train(**given)
    assert str(error.value) == words
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_another_run_in_the_folder_is_a_value_error(tmp_path):
    train(tmp_path)
    with pytest.raises(ValueError, match="holds a run with another configuration") as error:
        train(tmp_path, seed=1)
    assert "seed: 0 -> 1" in str(error.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": tfgvae.Marginal((8, 8, 1))}, "must be the name of a recipe.*got a Marginal"),
        (
            {"model": "vae", "data": np.zeros([4, 8, 8])},
            r"got a ndarray: write arrays with np\.sav",
        ),
    ],
)
def test_instances_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        tfgvae.train(**given)


def test_a_run_that_fails_is_an_exception_of_python(tmp_path):
    given = {"regularizer": {"weight": 1e38}, "pictures": {"num": 0}}
    with pytest.raises(TrainError, match=r"loss = (inf|nan)"):
        train(tmp_path, train={**fields()["train"], "learning_rate": 1e3}, **given)


def send_after_a_step(number, folder):
    """A thread that sends a signal to this process as soon as a step is logged."""

    def send():
        while not (folder / "metrics.jsonl").exists() or not runs.read_metrics(folder):
            time.sleep(0.001)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


LONG = {"steps": 100_000, "pictures": {"num": 0}}


@pytest.mark.slow
def test_an_interrupt_saves_a_checkpoint_and_the_next_call_resumes(tmp_path):
    before = handlers()
    sender = send_after_a_step(signal.SIGINT, tmp_path)
    with pytest.raises(KeyboardInterrupt, match="Stopped by SIGINT at step"):
        train(tmp_path, **LONG)
    sender.join()
    assert handlers() == before
    ((step, _),) = runs.checkpoints(tmp_path)
    model = tfgvae.train(workdir=tmp_path, steps=step + 1, verbose=False)
    assert model.train_batches == step + 1


@pytest.mark.slow
def test_another_signal_has_its_usual_effect_after_the_checkpoint(tmp_path):
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        sender = send_after_a_step(signal.SIGTERM, tmp_path)
        with pytest.raises(Interrupted, match="Stopped by SIGTERM"):
            train(tmp_path, **LONG)
        sender.join()
        assert received == [signal.SIGTERM] and len(runs.checkpoints(tmp_path)) == 1
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
def test_importing_tfgvae_does_not_import_train():
    program = "import sys, tfgvae; print({'train', 'export', 'configs'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tiny.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


CELL = """
import signal
import tfgvae

numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
before = [signal.getsignal(number) for number in numbers]
model = tfgvae.train(
    "vae",
    steps=4,
    workdir={folder!r},
    pictures=dict(num=0),
    train=dict(log_every=1, batch_size=8, eval_images=8),
    mapping=dict(width=2, dense=(8,)),
    inference=dict(width=2, dense=(8,)),
)
assert [signal.getsignal(number) for number in numbers] == before
model.ancestral_sample(1, seed=0).shape
"""


@pytest.mark.slow
def test_a_cell_of_a_notebook_has_one_line_that_is_redrawn(tmp_path):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat.v4")
    pytest.importorskip("ipykernel")
    cell = nbformat.new_code_cell(CELL.format(folder=str(tmp_path / "run")))
    notebook = nbformat.new_notebook(cells=[cell])
    resources = {"metadata": {"path": str(tiny.ROOT)}}
    nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    text = "".join(out.text for out in cell.outputs if out.get("name") == "stdout")
    bar = [line for line in text.split("\n") if "step 4/4" in line]
    assert len(bar) == 1 and [f"step {n}/4" in bar[0] for n in range(1, 5)] == [True] * 4
    assert bar[0].count("\r") == 4 and f'tfgvae.load("{tmp_path / "run"}")' in text

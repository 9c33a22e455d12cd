"""Golden files always load and give the same numbers as when they were written."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.components import MODELS
from tests.golden import answers as golden
from tfgvae import runs

NAMES = sorted(path.stem for path in golden.MODELS.glob("*.keras"))
SLOW = {key for key in MODELS if "-" in key} | {
    "gvae-family-pixelcnn",
    "gvae-family-pixelcnn_pp",
    # These parts are those of "gvae", or draw nothing.
    *(f"gvae-regularizer-{name}" for name in ("center", "kl", "moments", "norm", "stein")),
    *("gvae-inference-gaussian", "gvae-mapping-conv", "gvae-prior-normal", "gvae-corruption-none"),
}
# Other processors sum float32 terms in another order and round differently.
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def compare(found, stored):
    assert set(found) == set(stored.files)
    for name in stored.files:
        np.testing.assert_allclose(found[name], stored[name], err_msg=name, **CLOSE)


def test_every_name_of_the_tables_has_a_golden_file():
    """`python scripts/write_golden.py` writes the files of new classes."""
    assert set(golden.every_model()) <= set(NAMES)


def test_registered_names_stay():
    assert golden.registered_names() <= golden.registered_now()


def test_new_names_are_written_down():
    assert golden.registered_now() <= golden.registered_names()


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NAMES]
)
def test_a_saved_model_gives_its_answers(name):
    model = keras.models.load_model(golden.MODELS / f"{name}.keras")
    compare(golden.answers(model), np.load(golden.MODELS / f"{name}.npz"))


def test_a_run_folder_gives_its_answers():
    compare(golden.answers(runs.load(golden.RUN)), np.load(golden.FOLDER / "run.npz"))


@pytest.mark.slow
def test_a_run_folder_is_resumed(tmp_path):
    """By its folder's configuration, whose unset fields are null, and two steps further."""
    folder = tmp_path / "run"
    shutil.copytree(golden.RUN, folder)
    config = json.loads((folder / "config.json").read_text())
    assert config["mapping"]["norm"] is None
    done = subprocess.run(
        [sys.executable, "-m", "train.run", f"--workdir={folder}", "--steps=4"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Resuming" in done.stdout and "at step 2" in done.stdout
    assert runs.checkpoints(folder)[-1][0] == 4


def test_an_export_gives_its_answers():
    signatures = tf.saved_model.load(golden.SERVED).signatures
    stored = np.load(golden.FOLDER / "served.npz")
    names = {name.split(".")[0] for name in stored.files}
    assert names == set(signatures) - {"serving_default"}
    for name in names:
        inputs = {
            key.split(".")[2]: tf.constant(stored[key])
            for key in stored.files
            if key.startswith(f"{name}.in.")
        }
        for key, found in signatures[name](**inputs).items():
            np.testing.assert_allclose(found, stored[f"{name}.out.{key}"], err_msg=name, **CLOSE)


@pytest.mark.slow
def test_the_script_writes_no_file_again():
    """`scripts/write_golden.py` runs, and leaves every file that is there as it is."""

    def contents():
        paths = (path for path in golden.FOLDER.rglob("*") if path.is_file())
        return {p: p.read_bytes() for p in paths if "__pycache__" not in p.parts}

    before = contents()
    script = golden.FOLDER.parents[1] / "scripts" / "write_golden.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert contents() == before

"""Write golden files for new classes: `python scripts/write_golden.py`. It never overwrites one.

Golden files are saved models, runs and exports that must always load; see tests/golden.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = pathlib.Path(__file__).parents[1]
DEFLATED = zipfile.ZIP_DEFLATED
sys.path.insert(0, str(ROOT))

import keras
import numpy as np
import tensorflow as tf

from export.bundle import write_version
from export.limits import Limits
from tests.conformance import components
from tests.conformance.tiny_models import IMAGE, batch
from tests.golden import answers as golden
from tests.train import tiny_runs
from tfgvae import runs
from tfgvae.models import MODELS
from train.loop import train_and_evaluate


def _new(path):
    """Whether a file must be written; prints the decision."""
    if path.exists():
        print(f"kept     {path.relative_to(ROOT)}")
        return False
    print(f"writing  {path.relative_to(ROOT)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return True


def _trained(name, options):
    """A tiny model after two training steps, so that its statistics are not the initial ones."""
    model = components.build(MODELS, {name: options}, name, image_shape=IMAGE, seed=1)
    model.compile(keras.optimizers.SGD(1e-3))
    data = batch(model, rows=8, seed=3)
    model.fit(tf.data.Dataset.from_tensors(data).repeat(2), verbose=0)
    return model


def _save(model, path):
    """Save and compress: HDF5 needs more space for its tables than for tiny weights."""
    model.compiled, model.optimizer = False, None  # The golden run tests resuming.
    with tempfile.TemporaryDirectory() as folder:
        written = pathlib.Path(folder) / path.name
        model.save(written)
        with zipfile.ZipFile(written) as source, zipfile.ZipFile(path, "w", DEFLATED) as target:
            for name in source.namelist():
                target.writestr(zipfile.ZipInfo(name), source.read(name), DEFLATED)


def write_models():
    """tests/golden/models: a file and its answers for every name without a file."""
    for name, options in golden.every_model().items():
        path = golden.MODELS / f"{name}.keras"
        if _new(path):
            model = _trained(name, options)
            _save(model, path)
            np.savez_compressed(path.with_suffix(".npz"), **golden.answers(model))


def write_run():
    """tests/golden/run: two steps of a small VAE on digits, with averages of the weights."""
    if _new(golden.RUN):
        config = tiny_runs.config("vae", steps=2, ema_momentum=0.9, clip_norm=100.0)
        config.pictures.num = 0
        train_and_evaluate(config, golden.RUN, say=lambda _: None)
        for rest in ("tensorboard", "samples"):
            shutil.rmtree(golden.RUN / rest)
        (golden.RUN / ".lock").unlink()
        model = runs.load(golden.RUN)
        np.savez_compressed(golden.FOLDER / "run.npz", **golden.answers(model))


def write_served():
    """tests/golden/served/1: an export of one of the models."""
    if _new(golden.SERVED):
        model = keras.models.load_model(golden.MODELS / "gvae-mapping-mlp.keras")
        write_version(model, golden.SERVED.parent, Limits(max_num_steps=3, num_samples=3))
        loaded = tf.saved_model.load(golden.SERVED)
        requests, found = golden.requests(model), {}
        for name, inputs in requests.items():
            outputs = loaded.signatures[name](**{k: tf.constant(v) for k, v in inputs.items()})
            found |= {f"{name}.in.{k}": v for k, v in inputs.items()}
            found |= {f"{name}.out.{k}": v.numpy() for k, v in outputs.items()}
        np.savez_compressed(golden.FOLDER / "served.npz", **found)


def write_names():
    """tests/golden/registered.txt: the registered names in .keras files; new names are added."""
    known = golden.registered_names()
    new = sorted(golden.registered_now() - known)
    golden.REGISTERED.write_text("".join(f"{name}\n" for name in sorted(known | set(new))))
    print(f"names    {len(known)} known, new: {', '.join(new) or 'none'}")


if __name__ == "__main__":
    write_names()
    write_models()
    write_run()
    write_served()

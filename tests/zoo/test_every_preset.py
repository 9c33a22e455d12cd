"""Every preset of the package: it loads, samples, encodes, and measures as its card says."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tfgvae.zoo import cards, finding
from train.evaluate import evaluate
from train.evaluate.settings import SIZES
from train.publish.origin import ROOT

# The default run loads and measures these again; --slow all.
QUICK = [*(n for n in finding.names() if n.endswith("-digits")), "vae-mnist", "vae2d-mnist"]
PART = 60  # test images
# A process without network: a connection is an error.
LOADS = """
import socket, sys

class Closed(socket.socket):
    def connect(self, *address):
        raise OSError("the network is off")

socket.socket = Closed
import numpy as np
import tfgvae

for name in sys.argv[1:]:
    model = tfgvae.from_preset(name)
    label = {"label": np.zeros(2, np.int32)} if model.num_classes else {}
    x = model.ancestral_sample(2, seed=0, **label)
    assert x.shape == (2, *model.image_shape) and np.all(np.isfinite(x))
    again = model.ancestral_sample(2, seed=0, **label)
    assert np.array_equal(x, again)
    if model.has_latents:
        z = model.encode(x, seed=1)
        assert z.shape == (2, *model.latent_shape) and np.all(np.isfinite(z))
    print("loaded", name, int(model.train_batches))
"""


@pytest.mark.parametrize(
    "names", [QUICK, pytest.param(finding.names(), marks=pytest.mark.slow)], ids=["quick", "all"]
)
def test_they_load_in_a_fresh_process_without_network(names, tmp_path):
    """One process for all names: its imports take seconds."""
    done = subprocess.run(
        [sys.executable, "-c", LOADS, *names],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    steps = [cards.read(finding.HERE / name)["training"]["steps"] for name in names]
    loaded = [f"loaded {name} {n}" for name, n in zip(names, steps, strict=True)]
    assert done.stdout.splitlines() == loaded, done.stderr


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in finding.names()],
)
def test_its_headline_is_measured_again(name, tmp_path):
    card = cards.read(finding.HERE / name)
    metric, _, key = card["headline"].partition(".")
    settings = card["evaluation"]["settings"][metric]
    sizes = {n: value for n, value in settings.items() if n in SIZES}
    sizes["num_images"] = min(PART, sizes.get("num_images", PART))
    need_data(card["data"]["name"])
    report = evaluate(
        metrics=[metric],
        output=tmp_path,
        preset=name,
        mean=settings.get("mean"),
        seed=card["evaluation"]["seed"] + 1,  # Other noise than the card's.
        say=lambda line: None,
        **sizes,
    )
    measured, stated = report["metrics"][metric]["numbers"][key], cards.headline(card)
    # Both are means over images: of a part, and of all.
    error = (measured["standard_error"] ** 2 + stated["standard_error"] ** 2) ** 0.5
    assert abs(measured["value"] - stated["value"]) < 3 * error


def need_data(name):
    folder = os.environ.get("TFDS_DATA_DIR", "")
    if name != "digits" and not (folder and (pathlib.Path(folder) / name).is_dir()):
        pytest.skip(f"the data {name} is not in TFDS_DATA_DIR ({folder or 'not set'})")


@pytest.mark.parametrize("name", finding.names())
def test_nothing_of_the_publishers_machine_is_in_its_files(name):
    for file in (cards.CARD, cards.CONFIG):
        text = json.dumps(json.loads((finding.HERE / name / file).read_text()))
        assert "/home" not in text and "/tmp" not in text and "/work" not in text

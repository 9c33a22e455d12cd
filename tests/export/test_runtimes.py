"""Exported folders in older runtimes of TensorFlow and in ONNX, from PyPI; with --slow.

Each runtime is installed into its own environment, which takes minutes. None has this project.
"""

import pathlib

import numpy as np
import pytest

from export import reference
from export.runtimes import TESTED
from tests import outside
from tests.export import served
from tests.export.served import exported
from tests.export.test_signatures import STRANGER

pytestmark = pytest.mark.slow

OLDER = TESTED[:-1]
# A latent, a chain with labels, the two families that draw pixel by pixel, a discrete family.
KEYS = ("gvae", "seqvae-label", "gvae-pixelcnn", "gvae-pixelcnn_pp", "seqvae-share")
ONNX = pathlib.Path(__file__).with_name("onnx_stranger.py")


@pytest.mark.parametrize("version", OLDER)
@pytest.mark.parametrize("key", KEYS)
def test_the_reference_answers_hold(version, key, tmp_path):
    python = outside.python_with(f"tensorflow-cpu=={version}.*")
    _, folder = exported(key)
    references = reference.read(folder)
    asked = {name: stored.inputs for name, stored in references.items()}
    paths = [tmp_path / name for name in ("requests.npz", "second.npz", "first.npz")]
    np.savez(paths[0], **served.flat(asked))
    outside.run(python, STRANGER, str(folder), *map(str, paths), folder=tmp_path)
    for path in paths[1:]:
        answers = np.load(path)
        for name, stored in references.items():
            answer = {output: answers[f"{name}/{output}"] for output in stored.outputs}
            assert not reference.compare(stored, answer).problems, name


@pytest.mark.parametrize("key", ["gvae", "seqvae-label", "gvae-none"])
def test_onnx_gives_the_same_means(key, tmp_path):
    # tf2onnx needs a TensorFlow whose protobuf it accepts.
    python = outside.python_with(
        f"tensorflow-cpu=={OLDER[0]}.*", "tf2onnx", "onnxruntime", "onnx<1.17"
    )
    _, folder = exported(key)
    means = {n: s for n, s in reference.read(folder).items() if n.endswith("_mean")}
    assert set(means) == {"encode_mean", "decode_mean"}
    asked, answered = tmp_path / "requests.npz", tmp_path / "answers.npz"
    np.savez(asked, **served.flat({name: stored.inputs for name, stored in means.items()}))
    outside.run(python, str(ONNX), str(folder), str(asked), str(answered), folder=tmp_path)
    answers = np.load(answered)
    for name, stored in means.items():
        for output, expected in stored.outputs.items():
            np.testing.assert_allclose(
                answers[f"{name}/{output}"], expected, rtol=1e-4, atol=1e-4, err_msg=name
            )

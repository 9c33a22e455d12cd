"""Draws as PNG files, an optional output of the signatures."""

import base64
import json
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

import tfgvae
from export import verify
from export.layout import read_card
from tests.conformance.tiny_models import build
from tests.export import double
from tests.export.served import exported

DRAWING = {"ancestral_sample", "decode", "reconstruct", "gibbs_sample", "gibbs_from_noise"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("png") / "pictures"
    return tfgvae.export(build("gvae"), base, max_num_steps=3, batch_sizes=(1,), png=True)


@pytest.mark.slow
def test_each_draw_of_one_image_is_a_file(folder):
    described = read_card(folder)["signatures"]
    found = {name for name, types in described.items() if "png_bytes" in types["outputs"]}
    assert found == DRAWING
    signature = tf.saved_model.load(str(folder)).signatures["ancestral_sample"]
    drawn = signature(seed=tf.range(3, dtype=tf.int64))
    assert drawn["png_bytes"].shape == [3] and drawn["png_bytes"].dtype == tf.string
    for file, image in zip(drawn["png_bytes"], drawn["samples"], strict=True):
        levels = np.round(255 * np.clip(image.numpy(), 0, 1))
        np.testing.assert_array_equal(tf.io.decode_png(file).numpy(), levels)


@pytest.mark.slow
def test_rest_sends_them_in_base64(folder):
    signatures = dict(tf.saved_model.load(str(folder)).signatures)
    with double.serve({"pictures": signatures}) as (_, port):
        body = {"signature_name": "ancestral_sample", "inputs": {"seed": [1]}}
        url = f"http://127.0.0.1:{port}/v1/models/pictures:predict"
        with urllib.request.urlopen(url, json.dumps(body).encode()) as response:
            outputs = json.load(response)["outputs"]
    file = base64.b64decode(outputs["png_bytes"][0]["b64"])
    assert file.startswith(b"\x89PNG") and tf.io.decode_png(file).shape == (8, 8, 1)


@pytest.mark.slow
def test_verify_compares_the_files_with_the_samples(folder, capsys):
    assert verify.main([str(folder)]) == 0, capsys.readouterr()


def test_they_are_optional():
    for types in read_card(exported("gvae")[1])["signatures"].values():
        assert "png_bytes" not in types["outputs"]

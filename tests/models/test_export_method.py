"""model.export after fit: a SavedModel at the path, or a sentence."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgvae
from export.layout import read_card
from tests.conformance.tiny_models import batch, build, images


@pytest.fixture(scope="module")
def model():
    """A trained model."""
    made = build("gvae")
    made.compile(keras.optimizers.SGD(1e-3))
    made.fit(batch(made), batch_size=3, verbose=0)
    return made


@pytest.mark.slow
def test_it_writes_what_tfgvae_export_writes(model, tmp_path, capsys):
    folder = tmp_path / "served" / "digits" / "1"
    assert model.export(folder) == folder
    assert f"Saved artifact at '{folder}'" in capsys.readouterr().out
    version = tfgvae.export(model, tmp_path / "digits")
    files = [{str(p.relative_to(f)) for p in f.rglob("*")} for f in (folder, version)]
    assert files[0] == files[1]
    assert set(read_card(folder)["signatures"]) == set(read_card(version)["signatures"])
    warmup = folder / "assets.extra" / "tf_serving_warmup_requests"
    assert b"digits" in warmup.read_bytes()  # The model's name, not the version's number.
    x, seed = images(batch(model, 2)), np.array([3, 4])
    loaded = tf.saved_model.load(str(folder)).signatures["encode"]
    found = loaded(images=tf.constant(x), seed=tf.constant(seed))
    np.testing.assert_allclose(found["z"], model.encode(x, seed), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_an_empty_folder_is_filled_and_another_one_is_kept(model, tmp_path, capsys):
    model.export(tmp_path / "new", format="tf_saved_model", verbose=False)
    assert capsys.readouterr().out == ""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FileExistsError, match=r"not an empty folder.* tfgvae\.export\(model"):
        model.export(tmp_path / "new")
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "empty").mkdir()
    assert model.export(tmp_path / "empty", verbose=False) == tmp_path / "empty"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "onnx"}, "format must be 'tf_saved_model', got 'onnx'"),
        ({"format": None}, "format must be 'tf_saved_model', got None"),
        ({"input_signature": [tf.TensorSpec([1])]}, "export takes no input_signature"),
        ({"opset_version": 18}, "export takes no opset_version"),
    ],
)
def test_what_it_cannot_do_is_one_sentence(model, options, message, tmp_path):
    with pytest.raises(ValueError, match=message) as error:
        model.export(tmp_path / "new", **options)
    assert "\n" not in str(error.value) and list(tmp_path.iterdir()) == []


def test_a_weight_that_is_not_finite_is_refused(tmp_path):
    broken = build("gvae")
    broken.trainable_variables[0].assign(broken.trainable_variables[0] * np.nan)
    with pytest.raises(ValueError, match="expected finite weights"):
        broken.export(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []

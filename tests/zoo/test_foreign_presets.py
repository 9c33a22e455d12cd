"""Loading a preset runs no code of its files; what is damaged or foreign is named."""

import io
import json
import pathlib
import pickle
import zipfile

import numpy as np
import pytest

import tfgvae
from tests.zoo.tiny_presets import copied, sign
from tfgvae.zoo import cards, stored, trusted


@pytest.fixture
def folder(preset, tmp_path):
    return pathlib.Path(copied(preset, tmp_path))


def refused(folder, match):
    with pytest.raises((ValueError, FileNotFoundError), match=match) as error:
        tfgvae.from_preset(folder)
    assert str(folder) in str(error.value) and "\n" not in str(error.value)


def test_the_copy_itself_loads(folder):
    assert isinstance(tfgvae.from_preset(folder), tfgvae.GVAE)
    assert isinstance(tfgvae.GVAE.from_preset(str(folder)), tfgvae.GVAE)
    with pytest.raises(ValueError, match=r"'tiny' is a GVAE, not a SeqVAE: use GVAE\.from_preset"):
        tfgvae.SeqVAE.from_preset(folder)


@pytest.mark.parametrize("name", [cards.CONFIG, cards.WEIGHTS])
def test_one_changed_byte_is_found(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    refused(folder, f"{name} is damaged: its SHA-256")


@pytest.mark.parametrize("name", cards.FILES)
def test_a_missing_or_cut_file_is_named(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    refused(folder, name)
    (folder / name).unlink()
    refused(folder, name)


def configured(folder, change):
    config = json.loads((folder / cards.CONFIG).read_text())
    change(config)
    (folder / cards.CONFIG).write_text(json.dumps(config))
    sign(folder)


def to_lambda(config):
    config["model"]["config"]["family"] = {
        "class_name": "__lambda__",
        "config": {"value": "gASV", "defaults": None, "closure": None},
    }


def to_layer(config):
    config["model"]["config"]["mapping"] = {
        "module": "keras.layers",
        "class_name": "TFSMLayer",
        "config": {"filepath": "somewhere"},
        "registered_name": None,
    }


def to_module(config):
    config["model"]["config"]["mapping"] = {
        "module": "os",
        "class_name": "system",
        "config": {},
        "registered_name": "system",
    }


def to_typespec(config):
    config["model"]["config"]["family"] |= {"class_name": "__typespec__", "spec_name": "X"}


def to_another_file(config):
    config["model"]["config"]["inference"] = {"name": "classifier", "checkpoint": "/etc/c.keras"}


def to_a_layer_of_ours(config):
    config["model"] = config["model"]["config"]["family"]


def to_a_billion_latents(config):
    config["model"]["config"]["latent_dim"] = 10**9


def to_a_list(config):
    config["model"] = []


CHANGES = {
    to_lambda: "__lambda__",
    to_layer: "'keras.layers.TFSMLayer' is not a class of tfgvae",
    to_module: "'system' is not a class of tfgvae",
    to_typespec: "__typespec__",
    to_another_file: "reads no other file",
    to_a_layer_of_ours: "must describe a model of tfgvae, got a",
    to_a_billion_latents: "latent_dim",
    to_a_list: "must be a JSON object",
}


@pytest.mark.parametrize(("change", "match"), CHANGES.items(), ids=[f.__name__ for f in CHANGES])
def test_only_our_classes_are_made(folder, change, match):
    configured(folder, change)
    refused(folder, match)


def test_a_configuration_without_end_is_refused(folder):
    (folder / cards.CONFIG).write_text('{"model":' * 50_000)
    sign(folder)
    refused(folder, "nested too deeply")


def arrays_of(folder):
    with np.load(folder / cards.WEIGHTS) as file:
        return dict(file)


def weighted(folder, arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    (folder / cards.WEIGHTS).write_bytes(file.getvalue())
    sign(folder)


def test_arrays_of_another_model_are_named(folder):
    own = arrays_of(folder)
    name = next(name for name, array in own.items() if array.ndim == 2)
    for array, match in (
        (own[name][:-1], rf"{name} must have the shape \[.*\], got \["),
        (own[name].astype("int32"), f"{name} must hold float32 numbers, got int32"),
        (own[name] * np.nan, f"{name} is not finite"),
    ):
        weighted(folder, {**own, name: array})
        refused(folder, match)
    weighted(folder, {key: array for key, array in own.items() if key != name})
    refused(folder, f"{name} is missing")
    weighted(folder, {**own, "more": own[name]})
    refused(folder, "more is unknown")


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('code was run')",)


def test_pickles_are_not_read(folder):
    own = arrays_of(folder)
    name = next(iter(own))
    weighted(folder, {**own, name: np.array([Bomb()], object)})
    refused(folder, "pickled objects")
    (folder / cards.WEIGHTS).write_bytes(pickle.dumps(Bomb()))
    sign(folder)
    refused(folder, "cannot be read")


def test_a_long_header_is_not_read(folder):
    """numpy would read all of it: the file of a few kB has a header of 100 MB of spaces."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        for name in arrays_of(folder):
            with archive.open(f"{name}.npy", "w") as member:
                member.write(np.lib.format.magic(2, 0) + (10**8).to_bytes(4, "little"))
                member.write(b" " * 10**8 if name == sorted(arrays_of(folder))[0] else b"")
    (folder / cards.WEIGHTS).write_bytes(file.getvalue())
    sign(folder)
    refused(folder, "header of 100000000 bytes")


def test_numbers_that_a_weight_cannot_hold_are_refused(folder):
    arrays = arrays_of(folder)
    name = next(n for n, array in arrays.items() if array.dtype.kind == "f" and array.size)
    arrays[name] = np.full(arrays[name].shape, 1e300)
    weighted(folder, arrays)
    refused(folder, "is not finite")


@pytest.mark.parametrize("value", [10**400, float("inf")])
def test_a_metric_without_an_end_is_refused(folder, value):
    card = json.loads((folder / cards.CARD).read_text())
    card["metrics"][0]["value"] = value
    (folder / cards.CARD).write_text(json.dumps(card))
    refused(folder, "a metric is not finite|is not JSON|not the card")


def test_a_header_that_promises_more_than_the_file_has_allocates_nothing(folder):
    own = arrays_of(folder)
    name = next(iter(own))
    header = io.BytesIO()
    described = {"descr": "<f4", "fortran_order": False, "shape": (2**40,)}
    np.lib.format.write_array_header_1_0(header, described)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}.npy", header.getvalue())
    (folder / cards.WEIGHTS).write_bytes(file.getvalue())
    sign(folder)
    refused(folder, "does not have the size that its header says")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"format": 2}, "has format 2, this version of tfgvae reads 1"),
        ({"headline": "a.b"}, "its headline 'a.b' is not one of its metrics"),
        ({"description": 3}, "description must be of type string, got 3"),
        ({"extra": 1}, "the whole has the unknown field 'extra'"),
        ({"files": {}}, r"files must have config\.json"),
    ],
)
def test_a_card_of_another_structure_is_named(folder, change, match):
    card = {**json.loads((folder / cards.CARD).read_text()), **change}
    (folder / cards.CARD).write_text(json.dumps(card))
    refused(folder, match)


def test_every_class_that_keras_has_of_ours_is_a_layer():
    model = tfgvae.GVAE(image_shape=(8, 8, 1), latent_dim=2)
    trusted.check(json.loads(stored.config_of(model, {}))["model"])

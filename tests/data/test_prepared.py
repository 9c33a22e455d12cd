"""Prepared data of TensorFlow Datasets: order, versions, and the errors for bad folders."""

import json
import pathlib
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from tests.data.reading import collect, levels
from tfgvae import data
from tfgvae.data import tfds_images


def test_tfds_images_come_in_the_order_they_were_written(tfds_dir, pictures):
    for split, num in (("train", 23), ("test", 7)):
        images, labels = collect("tiny", split, data_dir=tfds_dir)
        np.testing.assert_array_equal(levels(images), pictures(num))
        np.testing.assert_array_equal(labels, np.arange(num) % 5)


def test_tfds_slices_and_versions(tfds_dir, pictures):
    images, _ = collect("tiny:1.0.0", "train[5:9]", data_dir=tfds_dir)
    np.testing.assert_array_equal(levels(images), pictures(23)[5:9])
    images, _ = collect("tiny", "train+test", data_dir=tfds_dir)
    np.testing.assert_array_equal(levels(images), np.concatenate([pictures(23), pictures(7)]))


def test_the_data_folder_is_taken_from_the_environment(tfds_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", tfds_dir)
    assert data.info("tiny").num_examples == 23


def test_prepared_data_that_is_absent_says_where_and_how(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"tfds\.load") as error:
        data.load("mnist", data_dir=tmp_path)
    assert str(tmp_path / "mnist") in str(error.value)
    with pytest.raises(FileNotFoundError, match=r"mnist:9\.9\.9"):
        data.load("mnist:9.9.9", data_dir=tmp_path)


def test_celeb_a_and_lsun_have_the_geometry_of_the_literature():
    from tfgvae.data.pixels import Geometry
    from tfgvae.data.tfds_images import GEOMETRIES

    celeb_a = Geometry().defaults_from(GEOMETRIES["celeb_a"])
    assert celeb_a.output_shape((218, 178, 3)) == (64, 64, 3) and celeb_a.crop == 148
    assert Geometry().defaults_from(GEOMETRIES["lsun"]).output_shape((None, None, 3)) == (64, 64, 3)
    own = Geometry(image_size=32, crop="none").defaults_from(GEOMETRIES["celeb_a"])
    assert own == Geometry(image_size=32, crop="none").defaults_from(Geometry())


def copied(tfds_dir, tmp_path):
    """(data folder, version folder) of a copy of `tiny`."""
    version = tmp_path / "tiny" / "1.0.0"
    shutil.copytree(pathlib.Path(tfds_dir, "tiny", "1.0.0"), version)
    return tmp_path, version


def as_json(name):
    return {"type": name, "content": {}}


def as_proto(name):
    return {"pythonClassName": name, "jsonFeature": {"json": "{}"}}


def as_nested_string(name):
    inside = json.dumps({"feature": as_json(name), "length": 3})
    sequence = "tensorflow_datasets.core.features.sequence_feature.Sequence"
    return {"python_class_name": sequence, "json_feature": {"json": inside}}


@pytest.mark.parametrize("write", [as_json, as_proto, as_nested_string])
def test_a_data_folder_cannot_name_code_that_is_imported(write, tfds_dir, tmp_path, monkeypatch):
    data_dir, version = copied(tfds_dir, tmp_path)
    ran = tmp_path / "ran"
    (tmp_path / "evil_module.py").write_text(f"open({str(ran)!r}, 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)
    written = json.loads((version / "features.json").read_text())
    part = write("evil_module.Feature")
    if "type" in written:
        written["content"]["more"] = part
    else:
        written["featuresDict"]["features"]["more"] = part
    (version / "features.json").write_text(json.dumps(written))
    said = r"features\.json must name classes of tensorflow_datasets only, got 'evil_module"
    with pytest.raises(ValueError, match=said):
        data.load("tiny", data_dir=data_dir)
    assert not ran.exists()


def cut(content):
    return content[: len(content) // 2]


def nest(content):
    return b'{"a":' * 50_000


def encode_in_latin(content):
    return content + b"\xe9"


def put_list(content):
    return b"[1, 2]"


@pytest.mark.parametrize("harm", [cut, nest, encode_in_latin, put_list])
@pytest.mark.parametrize("name", ["dataset_info.json", "features.json"])
def test_damaged_files_of_prepared_data_are_named(name, harm, tfds_dir, tmp_path):
    data_dir, version = copied(tfds_dir, tmp_path)
    (version / name).write_bytes(harm((version / name).read_bytes()))
    with pytest.raises(ValueError, match=f"{version} cannot be read as prepared data") as error:
        data.load("tiny", data_dir=data_dir)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("num_bytes", "held"),
    [(10**6, 10_000), (100 * 20_000, 10_000), (10**6 * 20_000, 2**28 // 10**6), (2**40, 4)],
)
def test_large_records_wait_in_a_smaller_buffer(num_bytes, held):
    splits = SimpleNamespace(total_num_examples=20_000)
    info = SimpleNamespace(dataset_size=num_bytes, splits=splits)
    assert tfds_images._shuffle_buffer(info, 15_000) == held

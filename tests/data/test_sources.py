"""Each source: images, labels, splits, and the errors for bad names and files."""

import json
import os
import pathlib
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_digits

from tfgvae import data
from tfgvae.data import tfds_images
from tfgvae.data.source import Source, is_test

REAL = {
    "mnist": ((28, 28, 1), 10),
    "cifar10": ((32, 32, 3), 10),
    "scenes64": ((64, 64, 3), 14),
}


def collect(*args, **options):
    """All of one pass: images [N, H, W, C], labels [N] or None."""
    batches = list(data.load(*args, batch_size=8, **options).as_numpy_iterator())
    labels = np.concatenate([b["label"] for b in batches]) if "label" in batches[0] else None
    return np.concatenate([b["image"] for b in batches]), labels


def levels(images):
    """Levels k of pixels k / 255, and a check that they are that."""
    k = np.rint(images * 255)
    np.testing.assert_array_equal(images, (k / 255).astype(np.float32))
    return k.astype(np.uint8)


def test_digits_splits_hold_each_digit_of_the_set_once():
    train, test = collect("digits"), collect("digits", "test")
    assert train[0].shape == (1500, 8, 8, 1) and test[0].shape == (297, 8, 8, 1)
    original = load_digits()
    ours = np.concatenate([levels(train[0]), levels(test[0])]).reshape(1797, 64)
    labels = np.concatenate([train[1], test[1]])
    theirs = np.rint(original.data * 255 / 16).astype(np.uint8)
    rows = sorted(map(tuple, np.column_stack([ours, labels])))
    assert rows == sorted(map(tuple, np.column_stack([theirs, original.target])))
    assert set(test[1]) == set(range(10))


@pytest.mark.slow
def test_info_says_what_load_gives(tfds_dir):
    for options in ({}, {"image_size": (4, 5), "grayscale": True, "num_examples": 9}, {"crop": 3}):
        for name in ("digits", "tiny"):
            images, labels = collect(name, data_dir=tfds_dir, **options)
            info = data.info(name, data_dir=tfds_dir, batch_size=8, shuffle=True, **options)
            assert images.shape == (info.num_examples, *info.image_shape)
            assert labels.max() < info.num_classes


def test_info_refuses_an_option_that_load_does_not_have():
    with pytest.raises(TypeError, match="image_sizes"):
        data.info("digits", image_sizes=3)


@pytest.mark.parametrize("name", REAL)
def test_real_sets(name):
    folder = os.environ.get("TFDS_DATA_DIR", "")
    if not os.path.isdir(os.path.join(folder, name)):
        pytest.skip(f"no {name} in the folder that TFDS_DATA_DIR names")
    shape, classes = REAL[name]
    info = data.info(name)
    assert (info.image_shape, info.num_classes) == (shape, classes)
    images, labels = collect(name, num_examples=100)
    assert images.shape == (100, *shape) and 0 <= labels.min() <= labels.max() < classes
    assert 0.05 < levels(images).mean() / 255 < 0.95
    small, _ = collect(name, num_examples=10, image_size=16)
    assert small.shape == (10, 16, 16, shape[2])


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


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("nonesuch", "train", "unknown data set 'nonesuch'; known: digits, .*tiny"),
        ("tiny", "valid", "train, test"),
        ("tiny", "train[:x]", "train, test"),
        ("textual", "train", "no image feature"),
        ("deep", "train", "uint8"),
        ("digits", "valid", "train, test"),
        ("digits:8", "train", "no argument"),
        ("", "train", "name must be"),
        ("digits", None, "split must be"),
    ],
)
def test_names_and_splits_that_do_not_exist(name, split, message, tfds_dir):
    with pytest.raises(ValueError, match=message):
        data.load(name, split, data_dir=tfds_dir)


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


@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_a_folder_is_split_by_name_and_keeps_its_pixels(suffix, tmp_path, save_images, pictures):
    images = pictures(40, channels=1)
    save_images(tmp_path, images, suffix)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".000.png").write_text("left by a copying tool")
    name = f"folder:{tmp_path}"
    (train, labels), (test, _) = collect(name), collect(name, "test")
    assert labels is None and data.info(name).num_classes is None
    assert len(train) + len(test) == 40 and len(test) > 0
    both = np.concatenate([levels(train), levels(test)])
    assert sorted(x.tobytes() for x in both) == sorted(x.tobytes() for x in images)
    # A file stays in its split when others are added.
    save_images(tmp_path, pictures(60, channels=1), suffix)
    assert {x.tobytes() for x in levels(test)} <= {
        x.tobytes() for x in levels(collect(name, "test")[0])
    }


def test_folders_of_splits_and_classes(tmp_path, save_images, pictures):
    save_images(tmp_path / "train" / "cat", pictures(3, seed=1))
    save_images(tmp_path / "train" / "dog", pictures(2, seed=2))
    save_images(tmp_path / "test" / "dog", pictures(2, seed=3))
    images, labels = collect(f"folder:{tmp_path}")
    np.testing.assert_array_equal(labels, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(levels(images)[3:], pictures(2, seed=2))
    # A class has one number in all splits.
    np.testing.assert_array_equal(collect(f"folder:{tmp_path}", "test")[1], [1, 1])
    assert data.info(f"folder:{tmp_path}", "test").num_classes == 2
    with pytest.raises(ValueError, match="train, test"):
        data.load(f"folder:{tmp_path}", "validation")


@pytest.mark.parametrize("suffix", ["jpg", "gif"])
def test_other_formats_are_close_to_their_pixels(suffix, tmp_path):
    ramp = np.linspace(0, 255, 16)[:, None] * np.ones(16)
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / f"a.{suffix}")
    images, _ = collect(f"folder:{tmp_path}", "test" if _in_test(f"a.{suffix}") else "train")
    assert images.shape[:3] == (1, 16, 16)
    # 4 levels: what JPEG of quality 75 does to a ramp.
    np.testing.assert_allclose(images[0, :, :, 0] * 255, ramp, atol=4)


def _in_test(name):
    return is_test(name)


def test_transparency_is_dropped_and_gray_among_colour_becomes_rgb(tmp_path, pictures):
    (tmp_path / "train").mkdir()
    rgba = pictures(1, channels=4)[0]
    Image.fromarray(rgba).save(tmp_path / "train" / "a.png")
    Image.fromarray(rgba[:, :, 0]).save(tmp_path / "train" / "b.png")
    images = levels(collect(f"folder:{tmp_path}")[0])
    np.testing.assert_array_equal(images[0], rgba[:, :, :3])
    np.testing.assert_array_equal(images[1], np.repeat(rgba[:, :, :1], 3, axis=2))


def test_sizes_that_differ_need_image_size(tmp_path, save_images, pictures):
    save_images(tmp_path / "train" / "a", pictures(2, size=(6, 6)))
    save_images(tmp_path / "train" / "b", pictures(2, size=(5, 9)))
    name = f"folder:{tmp_path}"
    message = r"image_size.*000\.png is 6x6 and .*000\.png is 5x9"
    with pytest.raises(ValueError, match=message):
        data.load(name)
    with pytest.raises(ValueError, match=message):
        data.load(name, crop="square")
    assert collect(name, image_size=4)[0].shape == (4, 4, 4, 3)
    assert collect(name, crop=5)[0].shape == (4, 5, 5, 3)
    assert collect(name, crop="square", image_size=3)[0].shape == (4, 3, 3, 3)
    with pytest.raises(ValueError, match="crop must be at most"):
        data.load(name, crop=6)


def test_folders_that_are_not_what_they_should_be(tmp_path, save_images, pictures):
    with pytest.raises(FileNotFoundError, match="absent"):
        data.load(f"folder:{tmp_path / 'absent'}")
    with pytest.raises(FileNotFoundError, match="PATH"):
        data.load("folder:")
    with pytest.raises(ValueError, match=f"no image files .*{tmp_path}"):
        data.load(f"folder:{tmp_path}")
    save_images(tmp_path / "train" / "a", pictures(1))
    save_images(tmp_path / "train", pictures(1))
    with pytest.raises(ValueError, match="outside"):
        data.load(f"folder:{tmp_path}")


def test_a_subfolder_that_cannot_be_read_is_an_error(tmp_path, save_images, pictures, monkeypatch):
    for name in ("cat", "dog"):
        save_images(tmp_path / "train" / name, pictures(2))
    closed, scandir = str(tmp_path / "train" / "dog"), os.scandir

    def refuse(path):  # A folder of mode 0 is open to root.
        if os.fspath(path) == closed:
            raise PermissionError(13, "Permission denied", closed)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError, match="train/dog"):
        data.load(f"folder:{tmp_path}")


def test_a_file_name_that_is_not_utf_8_is_named(tmp_path, save_images, pictures):
    save_images(tmp_path / "train", pictures(1))
    name = os.fsencode(tmp_path / "train") + b"/caf\xe9.png"
    os.rename(tmp_path / "train" / "000.png", name)
    with pytest.raises(ValueError, match=r"must be UTF-8, got b'.*caf\\xe9\.png'"):
        data.load(f"folder:{tmp_path}")


@pytest.mark.parametrize("cache_bytes", [0, 1 << 30])
def test_labels_out_of_range_are_an_error(cache_bytes, monkeypatch):
    def source(labels):
        return Source(
            name="odd/train",
            image_shape=(2, 2, 1),
            num_examples=len(labels),
            num_classes=3,
            records=lambda: tf.data.Dataset.from_tensor_slices(labels),
            decode=lambda label: {"image": tf.zeros((2, 2, 1), tf.uint8), "label": label},
            shuffle_buffer=4,
        )

    def read(*labels):
        made = source(np.array(labels, np.int64))
        monkeypatch.setitem(data.SOURCES, "odd", lambda *_, **__: made)
        return collect("odd", cache_bytes=cache_bytes)[1]

    np.testing.assert_array_equal(read(0, 2, -1), [0, 2, -1])
    for label in (3, -2):
        with pytest.raises(
            (ValueError, tf.errors.OpError), match="odd/train.*from 0 to 2.*got.*" + str(label)
        ):
            read(0, label)


def test_damaged_files_are_named(tmp_path, save_images, pictures):
    train = tmp_path / "train"
    save_images(train, pictures(3, size=(32, 32)))
    whole = (train / "001.png").read_bytes()
    (train / "001.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"001\.png"):
        data.load(f"folder:{tmp_path}")
    with pytest.raises(Exception, match=r"001\.png"):
        collect(f"folder:{tmp_path}", cache_bytes=0)
    (train / "001.png").write_bytes(b"no image at all")
    with pytest.raises(ValueError, match=r"001\.png"):
        data.load(f"folder:{tmp_path}")
    Image.fromarray(np.zeros((32, 32), np.uint16)).save(train / "001.png")
    with pytest.raises(ValueError, match=r"001\.png must have 8 bits"):
        data.load(f"folder:{tmp_path}")


def test_the_number_of_channels_has_a_limit():
    with pytest.raises(ValueError, match="from 1 to 4096 channels, got 5000"):
        Source("many", (2, 2, 5000), 1, None, lambda: None, lambda r: r, 1)


@pytest.mark.parametrize(
    ("num_bytes", "held"),
    [(10**6, 10_000), (100 * 20_000, 10_000), (10**6 * 20_000, 2**28 // 10**6), (2**40, 4)],
)
def test_large_records_wait_in_a_smaller_buffer(num_bytes, held):
    splits = SimpleNamespace(total_num_examples=20_000)
    info = SimpleNamespace(dataset_size=num_bytes, splits=splits)
    assert tfds_images._shuffle_buffer(info, 15_000) == held

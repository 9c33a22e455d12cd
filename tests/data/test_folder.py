"""Folders of image files: splits, classes, formats, and the errors for bad files."""

import os

import numpy as np
import pytest
from PIL import Image

from tests.data.reading import collect, levels
from tfgvae import data
from tfgvae.data.source import is_test


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

"""Large images in a folder: little memory, the same pixels, and a limit."""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgvae import data
from tfgvae.data import folder
from tfgvae.data.pixels import Geometry

ROOT = pathlib.Path(__file__).parents[2]
# Prints how far a batch of all images raises the peak of the memory, in bytes.
RISE = """
import resource, sys, train.start
from tfgvae import data

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

split = data.Split("folder:" + sys.argv[1], "train", image_size=32)
if sys.argv[2] == "streamed":
    data.Split._fits = lambda self, source: False
before = peak()
(batch,) = split.batches(data.Noise(), data.Schedule(6, seed=0))
assert batch["image"].shape == (6, 32, 32, 3)
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "way"),
    [("jpg", "streamed"), ("png", "cached")],
)
def test_six_large_images_take_little_more_memory_than_one(tmp_path, suffix, way):
    y, x = np.indices((6000, 6000), np.uint16)
    image = np.stack([x // 32 % 256, y // 32 % 256, (x + y) // 64 % 256], -1).astype(np.uint8)
    (tmp_path / "train").mkdir()
    Image.fromarray(image).save(tmp_path / "train" / f"0.{suffix}", compress_level=1)
    for i in range(1, 6):
        shutil.copy(tmp_path / "train" / f"0.{suffix}", tmp_path / "train" / f"{i}.{suffix}")
    rise = subprocess.check_output(
        [sys.executable, "-c", RISE, str(tmp_path), way],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    # An image has 108 MB, in Pillow 144. One in Pillow, one as an array, and the tensors of this
    # one and of the one before, which Python frees late. Six at a time take 2 GB.
    assert int(rise) < 1e9


@pytest.mark.parametrize("geometry", [Geometry(16), Geometry((9, 31), grayscale=True)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(40, 60), (12, 7), (16, 16)])
def test_a_resize_without_a_cast_gives_the_same_bits(pictures, geometry, channels, size):
    image = tf.constant(pictures(1, size, channels)[0])
    pixels = tf.cast(image, tf.float32)
    if geometry.grayscale and channels == 3:
        pixels = tf.image.rgb_to_grayscale(pixels)
    pixels = tf.image.resize(pixels, geometry.image_size, "bilinear", antialias=True)
    expected = tf.cast(tf.clip_by_value(tf.round(pixels), 0.0, 255.0), tf.uint8)
    np.testing.assert_array_equal(geometry.apply(image), expected)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp"])
@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_strips_and_turns_give_the_same_pixels(
    tmp_path, save_images, pictures, monkeypatch, suffix, channels, mode
):
    save_images(tmp_path / "train", pictures(7, (11, 13), channels), suffix)
    mode = "RGB" if suffix == "gif" else mode  # A GIF has a palette.
    stored = [np.asarray(Image.open(p).convert(mode)) for p in sorted(tmp_path.rglob("*.*"))]

    def read():
        split = data.Split(f"folder:{tmp_path}", "train")
        (batch,) = split.batches(data.Noise(), data.Schedule(7))
        return np.rint(255 * batch["image"].numpy()).astype(np.uint8)

    whole = read()
    np.testing.assert_array_equal(whole, np.reshape(stored, whole.shape))
    monkeypatch.setattr(folder, "_STRIP", 3 * 13)  # Three rows.
    monkeypatch.setattr(folder, "_AT_ONCE", 2 * 11 * 13)
    np.testing.assert_array_equal(read(), whole)
    monkeypatch.setattr(data.Split, "_fits", lambda self, source: False)
    np.testing.assert_array_equal(read(), whole)


def test_images_above_the_limit_are_refused(tmp_path):
    Image.new("1", (10_000, 9_000)).save(tmp_path / "0.png")
    with pytest.raises(ValueError, match=r"0\.png must have at most 80 million pixels, got 9000x1"):
        folder.open_split(str(tmp_path), "train")

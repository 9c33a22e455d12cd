"""A folder of your own image files: "folder:PATH".

PATH/train/... PATH/test/...   splits, if there are such folders; otherwise a file is in
                               "test" if the hash of its name is 0 mod 10, else in "train"
<split>/<class>/...            subfolders of a split are its classes, in order of name
"""

import concurrent.futures
import os
import pathlib
import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from tfgvae.data.source import Source, is_test

MOST_PIXELS = 80_000_000  # of an image
_AT_ONCE = 24_000_000  # pixels that are decoded at a time
_STRIP = 2**22  # pixels
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")
_SPLITS = ("train", "validation", "test")
_GRAY_MODES = ("1", "L", "LA")
_RGB_MODES = ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")


def open_split(path: str, split: str, **_: Any) -> Source:
    """The `Source` of a split of the folder at `path`.

    The images are grayscale if every image of the split is, else RGB. Transparency is dropped, only
    the first frame of an animation is used, and the orientation tag of a camera is ignored.
    """
    root = pathlib.Path(path).expanduser()
    if not path or not root.is_dir():
        raise FileNotFoundError(f"folder:PATH must name a folder, got {path!r}")
    files, classes = _files_of_split(root, split)
    headers = _headers(files)
    gray = all(mode in _GRAY_MODES for _, mode in headers)
    sizes = [size for size, _ in headers]
    other = next((i for i, size in enumerate(sizes) if size != sizes[0]), None)
    note = "" if other is None else _two_sizes(files, sizes, other)
    records: dict[str, Any] = {"path": [str(file) for file, _ in files]}
    if classes:
        records["label"] = np.array([classes.index(name) for _, name in files], np.int64)
    return Source(
        name=f"folder:{path}/{split}",
        image_shape=(*(sizes[0] if other is None else (None, None)), 1 if gray else 3),
        num_examples=len(files),
        num_classes=len(classes) or None,
        records=lambda: tf.data.Dataset.from_tensor_slices(records),
        decode=_decoder("L" if gray else "RGB"),
        shuffle_buffer=len(files),  # Records are paths: all of them fit.
        at_once=_at_once(sizes),
        size_note=note,
    )


def _at_once(sizes):
    """How many images are decoded at a time: about _AT_ONCE pixels; None for ordinary images."""
    largest = max(height * width for height, width in sizes)
    return None if 10 * largest <= _AT_ONCE else max(1, _AT_ONCE // largest)


def _two_sizes(files, sizes, other):
    described = (f"{files[i][0]} is {sizes[i][0]}x{sizes[i][1]}" for i in (0, other))
    return f"its images differ in size: {' and '.join(described)} (height x width)"


def _files_of_split(root, split):
    """The split's [(file, class name or None)] in order, and the folder's class names."""
    folders = {name: root / name for name in _SPLITS if (root / name).is_dir()}
    if folders:
        splits = {name: _image_files(folder) for name, folder in folders.items()}
    else:
        files = _image_files(root)
        splits = {"train": [], "test": []}
        for file, name in files:
            splits["test" if is_test(file.relative_to(root).as_posix()) else "train"].append(
                (file, name)
            )
    if split not in splits:
        raise ValueError(f"split of {root} must be one of {', '.join(splits)}, got {split!r}")
    if not splits[split]:
        raise ValueError(
            f"no image files ({', '.join(SUFFIXES)}) in split {split!r} of {root}; "
            f"files by split: { {name: len(files) for name, files in splits.items()} }"
        )
    # The classes of all splits, so that a label means the same class in each.
    classes = {name for files in splits.values() for _, name in files}
    if None in classes and len(classes) > 1:
        raise ValueError(f"{root} has images both in class folders and outside of them")
    return splits[split], sorted(classes - {None})


def _image_files(folder):
    """[(file, first folder below `folder` on its path, or None)], sorted by path.

    Raises:
      OSError: a subfolder cannot be read.
      ValueError: the name of an image file is not UTF-8.
    """
    found = []
    for place, subfolders, names in os.walk(folder, onerror=_raise):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        inside = pathlib.Path(place).relative_to(folder).parts
        for path in (pathlib.Path(place, name) for name in names if not name.startswith(".")):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                _check_name(path)
                found.append((path, inside[0] if inside else None))
    return sorted(found)


def _raise(error):
    raise error


def _check_name(path):
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the name of an image file must be UTF-8, got {os.fsencode(path)!r}"
        ) from error


def _headers(files):
    """[`_header`] of [(file, class name)]."""
    from PIL import Image

    with concurrent.futures.ThreadPoolExecutor() as pool, warnings.catch_warnings():
        # We have a limit of our own.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return list(pool.map(_header, (file for file, _ in files)))


def _header(file):
    """((height, width), mode) of an image file, without decoding it."""
    from PIL import Image  # Only needed for folders.

    try:
        with Image.open(file) as image:
            width, height = image.size
            mode = image.mode
    except Exception as error:  # Pillow raises many kinds for a damaged file.
        raise ValueError(f"cannot read the image file {file}: {error}") from error
    if width * height > MOST_PIXELS:
        raise ValueError(
            f"{file} must have at most {MOST_PIXELS // 10**6} million pixels, got {height}x{width} "
            "(height x width)"
        )
    if mode not in _GRAY_MODES + _RGB_MODES:
        raise ValueError(f"{file} must have 8 bits per channel, got Pillow mode {mode!r}")
    return (height, width), mode


def _levels(image, mode):
    """The pixels of an opened image, uint8 [H, W, channels of the mode].

    They are copied by strips, because one copy of a large image takes three times its memory.
    """
    image = image if image.mode == mode else image.convert(mode)
    width, height = image.size
    pixels = np.empty((height, width, len(mode)), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        pixels[top : top + rows] = np.asarray(strip, np.uint8).reshape(-1, width, len(mode))
    return pixels


def _decoder(mode):
    """Record -> example. Pillow reads all the formats, and its errors can name the file."""
    from PIL import Image

    def read(path):
        file = path.decode()
        try:
            with Image.open(file) as image:
                return _levels(image, mode)
        except Exception as error:
            raise ValueError(f"cannot read the image file {file}: {error}") from error

    def decode(record):
        image = tf.numpy_function(read, [record["path"]], tf.uint8, stateful=False)
        image.set_shape((None, None, len(mode)))
        return {"image": image, **{k: v for k, v in record.items() if k == "label"}}

    return decode

"""Image sets of tensorflow_datasets, by their TFDS name: "mnist", "lsun/bedroom", "cifar10:3.0.2".

Prepared data is read from disk, with or without a builder class for it. Only `download=True` uses
the network.
"""

import json
import os

import numpy as np
import tensorflow as tf

from tfgvae.data.pixels import Geometry
from tfgvae.data.source import Source
from tfgvae.messages import reason

# The usual geometry of these sets. CelebA: the crop around the face and the size of the authors'
# code. LSUN: the photographs differ in size.
GEOMETRIES = {
    "celeb_a": Geometry(crop=148, image_size=64),
    "lsun": Geometry(crop="square", image_size=64),
}
# At most this many records wait in a shuffle, and at most this many bytes of them. TFDS has already
# shuffled the examples once.
_SHUFFLE_BUFFER, _SHUFFLE_BYTES = 10_000, 2**28
_CLASS_KEYS = ("type", "python_class_name", "pythonClassName")
_OWN = "tensorflow_datasets."


def open_split(
    name: str, split: str, *, data_dir: str | os.PathLike | None = None, download: bool = False
) -> Source:
    """The `Source` of a split; TFDS slices such as "train[:90%]" are accepted too."""
    import tensorflow_datasets as tfds  # Slow to import, and only needed here.

    data_dir = _data_path(tfds, data_dir)
    if download:
        _prepare(tfds, name, data_dir)
    builder = _builder(tfds, _version_dir(tfds, name, data_dir))
    if builder.info.file_format != tfds.core.FileFormat.TFRECORD:
        raise ValueError(f"{name} must be prepared as tfrecord, got {builder.info.file_format}")
    features = builder.info.features
    fields = dict(features.items()) if isinstance(features, tfds.features.FeaturesDict) else {}
    image, label = fields.get("image"), fields.get("label")
    if not isinstance(image, tfds.features.Image):
        raise ValueError(f"{name} is not an image set: it has no image feature 'image': {features}")
    if image.np_dtype != np.uint8:
        raise ValueError(f"{name} must have uint8 images, got {image.np_dtype}")
    labelled = isinstance(label, tfds.features.ClassLabel)
    used = {"image": image, "label": label} if labelled else {"image": image}
    split_info = _split_info(builder, name, split)
    return Source(
        name=f"{name}/{split}",
        image_shape=tuple(image.shape),
        num_examples=split_info.num_examples,
        num_classes=used["label"].num_classes if labelled else None,
        records=lambda: _serialized(split_info.file_instructions),
        decode=tfds.features.FeaturesDict(used).deserialize_example,
        shuffle_buffer=_shuffle_buffer(builder.info, split_info.num_examples),
        geometry=GEOMETRIES.get(_without_version(name).split("/")[0], Geometry()),
    )


def _builder(tfds, folder):
    """The read-only builder of a version folder; ValueError if its files are damaged or foreign."""
    try:
        features = folder / "features.json"
        if features.exists():
            _check_classes(json.loads(features.read_text()), features)
        return tfds.builder_from_directory(folder)
    except _ForeignClassError:
        raise
    # JSON cut short, of another structure, deeply nested, or not in UTF-8: TFDS raises many kinds.
    except Exception as error:
        raise ValueError(
            f"{folder} cannot be read as prepared data (dataset_info.json, features.json): "
            f"{reason(error)}"
        ) from error


class _ForeignClassError(ValueError):
    """features.json names a class that is not part of tensorflow_datasets."""


def _check_classes(value, path):
    """Refuse the name of any class outside of tensorflow_datasets: TFDS imports what is named.

    Args:
      value: the content of features.json, or a part of it.
      path: the file, for errors.
    """
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            value = json.loads(value)  # Parts of features.json are JSON inside a string.
        except json.JSONDecodeError:
            return
    if isinstance(value, list):
        for part in value:
            _check_classes(part, path)
    if not isinstance(value, dict):
        return
    for key, part in value.items():
        # A feature may itself be called "type"; its value is then a dict.
        if key in _CLASS_KEYS and isinstance(part, str) and not part.startswith(_OWN):
            raise _ForeignClassError(
                f"{path} must name classes of tensorflow_datasets only, got {part!r}: "
                "restoring it would run that code"
            )
        _check_classes(part, path)


def _prepared(data_dir):
    """Names of the sets that have prepared data in `data_dir`, sorted, as one string."""
    # Not "**": buckets refuse it, and it is slow in folders with other files.
    depths = ("*/*/dataset_info.json", "*/*/*/dataset_info.json")
    versions = {path.parent for depth in depths for path in data_dir.glob(depth)}
    names = sorted({path.parent.relative_to(data_dir).as_posix() for path in versions})
    return ", ".join(names) or "none"


def _data_path(tfds, data_dir):
    # TFDS reads the variable only when it is imported; here it may be set at any time.
    default = os.environ.get("TFDS_DATA_DIR") or os.path.join("~", "tensorflow_datasets")
    # TFDS's paths may be buckets (gs://...) too.
    return tfds.core.Path(data_dir or default).expanduser()


def _without_version(name):
    return name.partition(":")[0]


def _serialized(file_instructions):
    """Dataset of serialized examples, [] string.

    TFDS's own reader would parse them one by one, which takes longer than decoding the images.
    """
    pieces = [(piece.filename, piece.skip, piece.take) for piece in file_instructions]
    names, skips, takes = zip(*pieces, strict=True)
    return tf.data.Dataset.from_tensor_slices((list(names), list(skips), list(takes))).flat_map(
        # take(-1) takes all.
        lambda name, skip, take: (
            tf.data.TFRecordDataset(name)
            .skip(tf.cast(skip, tf.int64))
            .take(tf.cast(take, tf.int64))
        )
    )


def _shuffle_buffer(info, num_examples):
    """How many records a shuffle may hold. TFDS knows the bytes of a set, not of a slice."""
    record = info.dataset_size // info.splits.total_num_examples  # The mean size, in bytes.
    return max(1, min(_SHUFFLE_BUFFER, num_examples, _SHUFFLE_BYTES // max(1, record)))


def _split_info(builder, name, split):
    known = ", ".join(builder.info.splits)
    try:
        info = builder.info.splits[split]
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"split of {name} must be one of {known} or a slice of one such as 'train[:90%]', "
            f"got {split!r}"
        ) from error
    if info.num_examples < 1:
        raise ValueError(f"split {split!r} of {name} has no examples; splits: {known}")
    return info


def _version_dir(tfds, name, data_dir):
    """The folder of the requested version, or of the newest one: data_dir/name[/config]/version."""
    folder, _, version = name.partition(":")
    found = {p.parent.name: p.parent for p in (data_dir / folder).glob("*/dataset_info.json")}
    if version:
        found = {k: v for k, v in found.items() if k == version}
    if found:
        return found[max(found, key=tfds.core.Version)]
    have = _prepared(data_dir)
    if folder.split("/")[0] not in tfds.list_builders(with_community_datasets=False):
        raise ValueError(
            f"unknown data set {name!r}; known: digits, folder:PATH, npz:PATH, the names of "
            f"tensorflow_datasets, and the sets prepared in {data_dir}: {have}"
        )
    raise FileNotFoundError(
        f"no prepared data of {name!r} in {data_dir / folder} (sets prepared in {data_dir}: "
        f"{have}). Get it with load(..., download=True), or with one of\n"
        f'  python -c "import tensorflow_datasets as tfds; '
        f"tfds.load('{name}', data_dir='{data_dir}')\"\n"
        f"  tfds build {name} --data_dir={data_dir}\n"
        "or name the folder that has it by data_dir or the variable TFDS_DATA_DIR."
    )


def _prepare(tfds, name, data_dir):
    try:
        _version_dir(tfds, name, data_dir)
    except FileNotFoundError:
        tfds.builder(name, data_dir=data_dir).download_and_prepare()


def prepared_version(name: str, data_dir: str | os.PathLike | None = None) -> str:
    """The version of prepared data that `open_split` opens, such as "3.0.1".

    Raises:
      ValueError, FileNotFoundError: there is none.
    """
    import tensorflow_datasets as tfds

    return _version_dir(tfds, name, _data_path(tfds, data_dir)).name

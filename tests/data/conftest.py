"""Small sets on disk: TFDS form and folders of image files."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image


def _write(data_dir, name, features, examples):
    import tensorflow_datasets as tfds

    splits = {
        split: tf.data.Dataset.from_generator(
            lambda rows=rows: iter(rows),
            output_signature=tf.nest.map_structure(
                lambda x: tf.TensorSpec(np.shape(x), np.asarray(x).dtype), rows[0]
            ),
        )
        for split, rows in examples.items()
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets=splits,
        data_dir=data_dir,
        disable_shuffling=True,
    )


def _pictures(num, size=(6, 6), channels=3, seed=0):
    """uint8 [num, H, W, C] of uniform levels."""
    return np.random.RandomState(seed).randint(0, 256, (num, *size, channels)).astype(np.uint8)


@pytest.fixture(scope="session")
def pictures():
    """A function (num, size, channels, seed) that makes images of random levels."""
    return _pictures


@pytest.fixture(scope="session")
def tfds_dir(tmp_path_factory):
    """Prepared data of `tiny` (23 and 7 images), `textual`, without images, and `deep`, 16 bits."""
    import tensorflow_datasets as tfds

    data_dir = tmp_path_factory.mktemp("tfds")
    examples = {
        split: [{"image": x, "label": np.int64(i % 5)} for i, x in enumerate(_pictures(num))]
        for split, num in (("train", 23), ("test", 7))
    }
    image = tfds.features.Image(shape=(6, 6, 3), encoding_format="png")
    label = tfds.features.ClassLabel(num_classes=5)
    _write(data_dir, "tiny", {"image": image, "label": label}, examples)
    textual = {"train": [{"text": np.int64(i)} for i in range(3)]}
    _write(data_dir, "textual", {"text": np.int64}, textual)
    deep = {"train": [{"image": np.zeros((4, 4, 1), np.uint16)}]}
    feature = tfds.features.Image(shape=(4, 4, 1), dtype=np.uint16, encoding_format="png")
    _write(data_dir, "deep", {"image": feature}, deep)
    return str(data_dir)


@pytest.fixture
def save_images():
    """A function (folder, uint8 [N, H, W, C], format) that writes the images 000.<format> ..."""

    def save(folder, images, suffix="png"):
        folder.mkdir(parents=True, exist_ok=True)
        for i, image in enumerate(images):
            Image.fromarray(image.squeeze()).save(folder / f"{i:03d}.{suffix}")

    return save

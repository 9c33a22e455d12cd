"""The input pipeline alone: images a second and memory, for sets that do not fit in memory.

    python benchmarks/input_pipeline.py --side=256

The set is made in a temporary folder: random smooth JPEG files, as a folder and as shards of
TensorFlow Datasets. Each is read as `train.run` reads it with a shuffle, decoded while it is read,
and never kept. Against it stands what a training step of `--recipe` takes on the same images held
in memory. A ratio above 1 means that training does not wait for the images.
"""

import pathlib
import statistics
import tempfile

import memory
import numpy as np
from absl import app, flags
from pairs import seconds

import train.start  # noqa: F401 (sets TensorFlow's environment before its import)

_SIDE = flags.DEFINE_integer("side", 256, "Sides of the images.")
_IMAGES = flags.DEFINE_integer("images", 2000, "Images in the set.")
_EPOCHS = flags.DEFINE_integer("epochs", 10, "Epochs read from each set.")
_BATCH = flags.DEFINE_integer("batch_size", 32, "Images in a batch.")
_RECIPE = flags.DEFINE_string("recipe", "vae", "The recipe whose training step is measured.")
_STEPS = flags.DEFINE_integer("steps", 20, "Training steps of a turn, of three.")
QUALITY, COARSE = 90, 16  # of a JPEG file; pixels of the smooth images before they are enlarged


def write_folder(folder):
    """JPEG files 00000.jpg, ... in folder/train."""
    from PIL import Image

    (folder / "train").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(_IMAGES.value):
        coarse = Image.fromarray(rng.integers(0, 256, (COARSE, COARSE, 3), np.uint8))
        image = coarse.resize((_SIDE.value, _SIDE.value), Image.Resampling.BICUBIC)
        image.save(folder / "train" / f"{number:05d}.jpg", quality=QUALITY)


def write_shards(folder, data_dir):
    """The same files as a set of TensorFlow Datasets, named jpeg_shards."""
    import tensorflow_datasets as tfds

    class JpegShards(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            shape = (_SIDE.value, _SIDE.value, 3)
            image = tfds.features.Image(shape=shape, encoding_format="jpeg")
            features = tfds.features.FeaturesDict({"image": image})
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for path in sorted((folder / "train").iterdir()):
                yield path.name, {"image": str(path)}

    JpegShards(data_dir=str(data_dir)).download_and_prepare()


def read(title, name, data_dir):
    """Read the set for some epochs, print its rate and memory, and give images a second."""
    from tfgvae import data

    split = data.Split(name, "train", data_dir=data_dir, cache_bytes=0)
    schedule = data.Schedule(_BATCH.value, shuffle=True, repeat=True, seed=1)
    steps = _IMAGES.value // _BATCH.value
    batches = iter(split.batches(data.Noise(augment="flip"), schedule))

    def epoch():
        for _ in range(steps):
            next(batches)

    rates, held = [], []
    for _ in range(_EPOCHS.value):
        rates.append(steps * _BATCH.value / seconds(epoch))
        held.append(memory.now() / 1e6)
    print(
        f"{title}: {statistics.median(rates):.0f} images/s ({min(rates):.0f} to {max(rates):.0f}, "
        f"{_EPOCHS.value} epochs); memory after each epoch, MB: "
        + " ".join(f"{value:.0f}" for value in held),
        flush=True,
    )
    return statistics.median(rates)


def needed(name):
    """Images a second that the training step takes, from images in memory."""
    from recipes import Run, configuration

    config = configuration(_RECIPE.value, name, None, [f"train.batch_size={_BATCH.value}"])
    run = Run(config)
    run.turn(2)
    turn = statistics.median(seconds(lambda: run.turn(_STEPS.value)) for _ in range(3))
    rate = _STEPS.value * _BATCH.value / turn
    print(f"a training step of {_RECIPE.value} takes {rate:.1f} images/s")
    return rate


def main(_):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_folder(folder / "files")
        write_shards(folder / "files", folder / "tfds")
        size = sum(path.stat().st_size for path in (folder / "files" / "train").iterdir())
        print(f"{_IMAGES.value} images of {_SIDE.value}x{_SIDE.value}, {size / 1e6:.0f} MB of JPEG")
        name = f"folder:{folder / 'files'}"
        rates = {
            "folder of JPEG files": read("folder of JPEG files", name, None),
            "TFDS shards": read("TFDS shards", "jpeg_shards", str(folder / "tfds")),
        }
        need = needed(name)
        for title, rate in rates.items():
            print(f"{title}: {rate / need:.1f} times what training takes")


if __name__ == "__main__":
    app.run(main)

"""Ancestral and chain samples of runs: python scripts/sample_pictures.py FOLDER RUN [RUN ...]

Writes into FOLDER, for each run: RUN_ancestral.png, 8 x 8 samples; RUN_noise.png and RUN_data.png,
chains from noise and from test images, one per row, with the steps in STEPS as columns. The seed is
0. Images are E[x|z], or draws if the family has no mean. TFDS_DATA_DIR is the folder of prepared
data.
"""

import json
import pathlib
import sys

import numpy as np
import tensorflow as tf

import tfgvae
from train import pictures

STEPS = np.array([1, 2, 5, 10, 20, 50, 100])
ROWS = 8


def test_images(run):
    """The first images of the run's test split, [ROWS, H, W, C]."""
    section = json.loads((run / "config.json").read_text())["data"]
    options = {name: section[name] for name in ("binarize", "image_size", "crop", "grayscale")}
    split = tfgvae.data.load(section["name"], section["test_split"], batch_size=ROWS, **options)
    return next(iter(split))["image"]


def grids(run):
    """{name: images [R, C, H, W, C']} of a run."""
    model = tfgvae.load(run)
    mean = model.family.has_mean
    x = test_images(run)

    def chain(**start):
        steps = int(STEPS.max())
        return model.gibbs_sample(num_steps=steps, seed=0, return_chain=True, mean=mean, **start)

    samples = model.ancestral_sample(ROWS * ROWS, seed=0, mean=mean)
    return {
        "ancestral": tf.reshape(samples, [ROWS, ROWS, *model.image_shape]),
        "noise": chain(num_samples=ROWS).numpy()[:, STEPS - 1],
        "data": np.concatenate([x[:, None], chain(x=x).numpy()[:, STEPS - 1]], axis=1),
    }


def main(folder, *runs):
    """Draw and write the pictures of each run."""
    for run in map(pathlib.Path, runs):
        for name, images in grids(run).items():
            path = pathlib.Path(folder) / f"{run.name.replace('-', '_')}_{name}.png"
            pictures.write(pictures.grid(images), path)
            print(path)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

"""Draw the pictures of the presets: python scripts/zoo_pictures.py [NAME ...]

Writes docs/images/zoo/NAME_KIND.png for each preset, or for those named: samples, chains,
reconstructions, interpolations, traversals, from the shipped weights, seed 0. TFDS_DATA_DIR is the
folder of prepared data. Then `python scripts/zoo_page.py` puts them on the page.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tfgvae.zoo import finding
from train import pictures, sources

FOLDER = ROOT / "docs" / "images" / "zoo"
ROWS = 8


def draw(name):
    """Draw all pictures that the model of a preset has."""
    opened = sources.open_source(name)
    model = opened.model
    batch = next(iter(opened.data.evaluation(model.family, ROWS, ROWS)))
    config = opened.config
    config.seed, config.pictures.num, config.pictures.mean = 0, ROWS, True
    for kind, pixels in pictures.grids(model, config, batch):
        path = FOLDER / f"{name}_{kind}.png"
        pictures.write(pixels, path)
        print(path.relative_to(ROOT))


def main(names):
    """Draw the pictures of the presets named, or of all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or finding.names():
        draw(name)


if __name__ == "__main__":
    main(sys.argv[1:])

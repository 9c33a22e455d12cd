"""C(x~|x): corruptions of the images that q sees. One file for each, one line here."""

from tfgvae.corruptions.base import Corruption
from tfgvae.corruptions.blocks import Blocks
from tfgvae.corruptions.gaussian import Gaussian
from tfgvae.corruptions.none import NoCorruption
from tfgvae.corruptions.pixels import Pixels

CORRUPTIONS = {
    "blocks": Blocks,
    "gaussian": Gaussian,
    "none": NoCorruption,
    "pixels": Pixels,
}

__all__ = ["CORRUPTIONS", "Blocks", "Corruption", "Gaussian", "NoCorruption", "Pixels"]

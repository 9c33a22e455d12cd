"""The PixelCNN++ of pixelvae_pp without latents, on CIFAR-10."""

from configs import pixelvae_pp
from configs.pixelcnn import alone


def get_config():
    """pixelvae_pp, alone."""
    return alone(pixelvae_pp.get_config())

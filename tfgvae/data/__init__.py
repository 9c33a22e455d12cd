"""Data sets of images by name: float32 in [0, 1], a function of seed and step."""

from tfgvae.data.loading import info, load
from tfgvae.data.noise import Noise
from tfgvae.data.split import SOURCES, ImageInfo, Split
from tfgvae.data.stream import Schedule

__all__ = ["SOURCES", "ImageInfo", "Noise", "Schedule", "Split", "info", "load"]

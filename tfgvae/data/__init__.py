"""Data sets of images: float32 in [0, 1], by name, deterministic by seed and step."""

from tfgvae.data.loading import SOURCES, ImageInfo, info, load

__all__ = ["SOURCES", "ImageInfo", "info", "load"]

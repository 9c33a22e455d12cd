"""Trained models that load by name, each with its card.

A preset is a folder: config.json (the model), weights.npz and card.json (what it is, how it was
trained, what was measured, and the SHA-256 of the other two files).
"""

from tfgvae.zoo.finding import from_preset, presets

__all__ = ["from_preset", "presets"]

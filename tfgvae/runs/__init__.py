"""A run folder: config.json, metrics.jsonl, checkpoints/, samples/, tensorboard/. Reading it.

files    the checkpoints: where they are, whether they are whole, which one the run gives
records  config.json and metrics.jsonl
loading  the model of a run or of a file
"""

from tfgvae.runs.files import (
    BEST,
    CHECKPOINT,
    best_checkpoints,
    best_path,
    checkpoint_path,
    checkpoints,
    damage,
    find,
    newest_whole,
)
from tfgvae.runs.loading import load
from tfgvae.runs.records import read_config, read_json, read_metrics

__all__ = [
    "BEST",
    "CHECKPOINT",
    "best_checkpoints",
    "best_path",
    "checkpoint_path",
    "checkpoints",
    "damage",
    "find",
    "load",
    "newest_whole",
    "read_config",
    "read_json",
    "read_metrics",
]

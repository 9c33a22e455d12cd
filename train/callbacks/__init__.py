"""Keras callbacks of a run. Their order in the list matters; see train.loop."""

from train.callbacks.averages import UseAverages
from train.callbacks.clock import Clock
from train.callbacks.first_step import SayGraph
from train.callbacks.guards import NonFiniteLoss, StopIfNotFinite, StopOnSignal
from train.callbacks.logs import LogMetrics
from train.callbacks.saving import DrawPictures, KeepBest, SaveCheckpoint

__all__ = [
    "Clock",
    "DrawPictures",
    "KeepBest",
    "LogMetrics",
    "NonFiniteLoss",
    "SaveCheckpoint",
    "SayGraph",
    "StopIfNotFinite",
    "StopOnSignal",
    "UseAverages",
]

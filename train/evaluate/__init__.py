"""Evaluation of a trained run: every estimator, to a table, JSON, TensorBoard and one HTML page.

`python -m train.evaluate --help` says how; `evaluate` is the same for a notebook.
"""

from train.evaluate.loop import evaluate

__all__ = ["evaluate"]

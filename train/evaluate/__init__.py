"""Evaluate a trained run with every estimator: a table, JSON, TensorBoard and one HTML page.

See `python -m train.evaluate --help`; `evaluate` does the same in a notebook.
"""

__all__ = ["evaluate"]


def __getattr__(name):
    # Imported late, because it imports TensorFlow, which takes seconds and --help does not need.
    if name != "evaluate":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from train.evaluate.loop import evaluate

    return evaluate

"""Evaluation of a trained run: every estimator, to a table, JSON, TensorBoard and one HTML page.

`python -m train.evaluate --help` says how; `evaluate` is the same for a notebook.
"""

__all__ = ["evaluate"]


def __getattr__(name):
    # Late: it starts TensorFlow, which takes seconds, and a help text does without.
    if name != "evaluate":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from train.evaluate.loop import evaluate

    return evaluate

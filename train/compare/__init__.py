"""Compare runs and presets: what differs in their configurations and in what was measured.

See `python -m train.compare --help`; `compare` does the same in a notebook.
"""

__all__ = ["compare"]


def __getattr__(name):
    # Imported late: it imports TensorFlow, which takes seconds and --help does not need.
    if name != "compare":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from train.compare.outputs import compare

    return compare

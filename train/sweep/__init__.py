"""Train a small grid of runs, one after the other: see `python -m train.sweep --help`."""

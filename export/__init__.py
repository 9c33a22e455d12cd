"""Export to TensorFlow Serving."""

import pathlib
import runpy

# By its path: a file train.py of the user may be found as `train`, and importing it would run it.
_OURS = pathlib.Path(__file__).parents[1] / "train" / "ours.py"
runpy.run_path(str(_OURS))["claim"]("train", "configs")

# Sets the environment variables for TensorFlow, the same as in training.
import train  # noqa: E402, F401

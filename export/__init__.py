"""Export to TensorFlow Serving."""

# Sets the environment variables for TensorFlow, the same as in training.
import train  # noqa: F401

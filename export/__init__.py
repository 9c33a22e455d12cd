"""Export to TensorFlow Serving."""

# The environment that TensorFlow reads when it is imported: an exported model computes as the
# training did.
import train  # noqa: F401

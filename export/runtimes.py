"""The runtimes of TensorFlow that exports were tested with, and the server's image."""

IMAGE = "tensorflow/serving:2.19.1"
TESTED = ("2.16", "2.18", "2.20", "2.21")
OLDEST = "2.15"

# Without it, the server refuses what XLA has to compile at the first request.
XLA_FLAG = "--xla_cpu_compilation_enabled=true"

TESTED_SENTENCE = (
    "Exports of this package were tested with the runtimes of TensorFlow "
    f"{', '.join(TESTED[:-1])} and {TESTED[-1]}. "
    f"The oldest recommended runtime is {OLDEST}."
)
# An optimization of oneDNN's graph is wrong there.
ONEDNN_SENTENCE = (
    "TensorFlow 2.11 to 2.13 give wrong log-likelihoods of pixelcnn_pp unless the server has the "
    "environment variable TF_ENABLE_ONEDNN_OPTS=0."
)
DRAWS_SENTENCE = (
    "In one runtime, the same seed gives the same row again, in any batch, up to float rounding."
)
ROUNDING_SENTENCE = "In another runtime, rounding may change a drawn pixel."
AUTOREGRESSIVE_SENTENCE = (
    "In another runtime, the same seed may give another image: rounding changes one pixel, and all "
    "later pixels of the row depend on it."
)


def xla_sentence(sizes):
    """What users of an export with jit_batch_sizes have to know."""
    return (
        f"XLA compiles the pixel loops of requests with up to {max(sizes)} rows, padded to "
        f"{', '.join(map(str, sizes))} rows. The server needs {XLA_FLAG}, and must run on CPUs."
    )

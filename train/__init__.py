"""Training from the command line. Settings of the process, before TensorFlow is imported."""

import contextlib
import os
import sys
import tempfile

# oneDNN makes convolutional training on CPUs about 1.5 times as fast; some builds leave it off.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@contextlib.contextmanager
def _held_stderr():
    """Hold back what is written to file descriptor 2; show it only if the body raises."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


# TensorFlow logs a page about missing CUDA drivers before its log level takes effect.
with _held_stderr():
    import tensorflow as tf
    import tensorflow_probability  # noqa: F401

    tf.config.list_physical_devices("GPU")

"""Import TensorFlow without its long warning about missing CUDA drivers.

TensorFlow prints it before its log level takes effect. Modules that a command or a notebook starts
with import this one first.
"""

import contextlib
import os
import sys
import tempfile


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


with _held_stderr():
    import tensorflow as tf
    import tensorflow_probability  # noqa: F401

    tf.config.list_physical_devices("GPU")

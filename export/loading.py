"""Load an exported model. A damaged or missing file is an error that names the file."""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import contextlib
import pathlib

import tensorflow as tf

from train.errors import SetupError


@contextlib.contextmanager
def naming(path):
    """Any error in the body becomes a SetupError that names the file `path`."""
    try:
        yield
    # TensorFlow and protobuf raise many kinds: OpError, IndexError, ValueError, DecodeError.
    except Exception as error:
        if not path.exists():
            raise SetupError(f"{path} does not exist: export the model again") from error
        reason = " ".join(str(error).split())
        raise SetupError(f"{path} is damaged: {reason}") from error


def _check_weights(folder):
    """Read every weight once, which compares it with its checksum."""
    prefix = folder / "variables" / "variables"
    with naming(prefix.with_name("variables.index")):
        reader = tf.train.load_checkpoint(str(prefix))
        names = list(reader.get_variable_to_shape_map())
    with naming(prefix.with_name("variables.data-00000-of-00001")):
        for name in names:
            reader.get_tensor(name)


def load(folder):
    """The signatures of a version folder: {name: function}.

    Raises:
      SetupError: a file is damaged or missing.
    """
    folder = pathlib.Path(folder)
    with naming(folder / "saved_model.pb"):
        if not (folder / "saved_model.pb").is_file():
            raise FileNotFoundError
    _check_weights(folder)
    with naming(folder / "saved_model.pb"):
        return dict(tf.saved_model.load(str(folder)).signatures)

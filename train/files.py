"""Files: atomic writes, JSON, SHA-256 digests."""

import hashlib
import json
import os
import pathlib


def check_name(name, path):
    """Check that a path is UTF-8: TensorFlow and the readers of our files take no other.

    Args:
      name: what the path is, for the error.
      path: a string or a path.

    Raises:
      ValueError: it is not.
    """
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the name of {name} must be UTF-8, got {os.fsencode(path)!r}") from error


def write_whole(path, content):
    """Write text or bytes to a file. If the process dies, the file stays as it was."""
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.writing")
    if isinstance(content, str):
        # A part of a path or of a command line may not be UTF-8.
        content = content.encode("utf-8", "backslashreplace")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def clean(folder):
    """Remove what `write_whole` left in a folder when its process was killed."""
    for path in pathlib.Path(folder).glob(".*.writing"):
        if path.is_file():
            path.unlink(missing_ok=True)


def read_json(path):
    """The content of a JSON file, or None if it does not exist: runs.read_json, no TensorFlow.

    Raises:
      ValueError: the file is not JSON, or cannot be read.
    """
    try:
        return json.loads(pathlib.Path(path).read_bytes().decode())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:  # Its name is too long; no permission.
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    # Not JSON, not UTF-8, or nested too deeply.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def digest(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

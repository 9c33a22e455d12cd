"""Files: atomic writes, JSON, SHA-256 digests."""

import hashlib
import json
import os
import pathlib


def write_whole(path, content):
    """Write text or bytes to a file. If the process dies, the file stays as it was."""
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.writing")
    content = content.encode() if isinstance(content, str) else content
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
      ValueError: the file is not JSON.
    """
    try:
        return json.loads(pathlib.Path(path).read_bytes().decode())
    except (FileNotFoundError, NotADirectoryError):
        return None
    # Not JSON, not UTF-8, or nested too deeply.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def digest(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

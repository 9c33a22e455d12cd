"""The files beside the models: a mark in each one says that an export wrote it.

An export replaces only files with the mark. It refuses to replace any other file.
"""

import contextlib
import os
import pathlib
import re

from train.unfinished import held

MARK = "Written by export.run of tfgvae. The next export replaces this file."
# The first words of every file beside the models.
_WRITTEN = b"Written by export.run of tfgvae."

# What version 0.1 wrote, before there was a mark.
_OLD_README = (
    b"# Models for TensorFlow Serving\n\n"
    b"Start the server in this folder (gRPC on 8500, REST on 8501):\n\n    docker run --rm -p 8500"
)
_OLD_CONFIG = re.compile(
    rb"model_config_list \{\n"
    rb'(  config \{\n    name: "([^"\n]+)"\n    base_path: "/models/\2"\n'
    rb'    model_platform: "tensorflow"\n  \}\n)*\}\n'
)


def is_ours(path):
    """Whether an export wrote this file."""
    content = pathlib.Path(path).read_bytes()
    first = content.split(b"\n", 1)[0]
    old = content.startswith(_OLD_README) or _OLD_CONFIG.fullmatch(content)
    return MARK.encode() in first or bool(old)


def require_ours(*paths):
    """Check that each file is absent, or was written by an export.

    Raises:
      ValueError: a file that somebody else wrote.
    """
    for path in map(pathlib.Path, paths):
        if os.path.lexists(path) and not (path.is_file() and is_ours(path)):
            raise ValueError(
                f"{path} was not written by an export, and an export does not replace it: move it "
                "away, or give another folder with --output=DIR"
            )


def replace_text(path, text):
    """Write one of our files atomically, because a server may be reading it.

    Raises:
      ValueError: the file exists and is not ours.
    """
    path = pathlib.Path(path)
    require_ours(path)
    _remove_left(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(aside, "w") as file, held(aside):
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.replace(aside, path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)  # It is gone if all went well.


def _remove_left(path):
    """Remove what a killed export left of the file `path`: no process holds a lock on it."""
    for left in path.parent.glob(f".{path.name}.*"):
        if not left.suffix[1:].isdecimal() or left.is_symlink() or not left.is_file():
            continue
        with contextlib.suppress(FileNotFoundError), held(left) as locked:
            content = left.read_bytes()
            if locked and (not content or _WRITTEN in content.split(b"\n", 1)[0]):
                left.unlink(missing_ok=True)

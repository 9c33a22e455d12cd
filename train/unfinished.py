"""Folders in which a process writes something that is renamed at the end, and those left by a kill.

A process holds a lock on its folder. The lock ends with the process, so an unlocked folder belongs
to nobody, and the next process that writes to the same place removes it. Where the file system has
no locks, a folder is removed one day after its last change.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import time
import uuid

DAY = 24 * 60 * 60  # seconds
_HEX = "0123456789abcdef"


def new_name(prefix):
    """A name that no other process uses: the prefix and 32 hexadecimal digits."""
    return f"{prefix}{uuid.uuid4().hex}"


@contextlib.contextmanager
def held(path):
    """Lock a file or a folder, without waiting.

    Yields:
      True: this process has the lock; False: another one has it; None: there are no locks here.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = True
        except BlockingIOError:
            locked = False
        except OSError:  # Some network file systems have no locks.
            locked = None
        yield locked
    finally:
        os.close(handle)


@contextlib.contextmanager
def new_folder(parent, prefix):
    """A new locked folder in `parent`. It is removed if the body raises."""
    with contextlib.ExitStack() as stack:
        folder = _claimed(pathlib.Path(parent), prefix, stack)
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _claimed(parent, prefix, stack):
    while True:
        folder = parent / new_name(prefix)
        folder.mkdir()
        # Until it is locked, another process may take it for one that was left, and remove it.
        with contextlib.suppress(FileNotFoundError):
            if stack.enter_context(held(folder)) is not False and folder.is_dir():
                return folder


def remove_left(parent, prefix, files):
    """Remove the folders `new_name(prefix)` in `parent` that killed processes left.

    Args:
      parent: a folder.
      prefix: as for `new_folder`.
      files: the names that the process may have written, and NAME.tmp... of them. A folder with
        another name in it stays.
    """
    for folder in sorted(pathlib.Path(parent).iterdir()):
        digits = folder.name.removeprefix(prefix)
        ours = folder.name == prefix + digits and len(digits) == 32 and not digits.strip(_HEX)
        if not ours or folder.is_symlink() or not folder.is_dir():
            continue
        # Another process may remove it at the same time.
        with contextlib.suppress(FileNotFoundError), held(folder) as locked:
            # TensorFlow writes NAME.tmp and digits, and renames it.
            inside = {name.partition(".tmp")[0] for name in os.listdir(folder)}
            if inside <= files and (locked or (locked is None and _is_old(folder))):
                shutil.rmtree(folder, ignore_errors=True)


def _is_old(folder):
    """Whether nothing in a folder has changed for a day."""
    newest = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    return time.time() - newest > DAY

"""TensorBoard's event files, in the order in which they were written.

TensorBoard reads the files of a folder in the order of their names. A name starts with the time.
TensorFlow's own writer takes this time from the clock. If the clock has gone back since the last
file, the new file is read first, and a restart drops nothing. Here a new file has a later name than
all others, and no event has an earlier time than the last one of the file before.
"""

import io
import os
import pathlib
import platform
import re
import struct
import time

import tensorflow as tf
from PIL import Image

_NAME = re.compile(r"events\.out\.tfevents\.(\d+)")
_EVENT = tf.compat.v1.Event
# The plugins of TensorBoard that show the values.
_SCALAR = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"}, data_class=1)
_IMAGE = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "images"}, data_class=3)


class EventFile:
    """A new event file. It becomes visible with its first event.

    Args:
      folder: the folder of the file; created if it does not exist.
      suffix: the end of the name.

    Raises:
      tf.errors.OpError, OSError: from every method, when the file cannot be written.
    """

    def __init__(self, folder, suffix=""):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        second, self._time = int(time.time()), 0.0
        before = _newest(folder)
        if before:
            second = max(second, before[0] + 1)
            self._time = last_time(before[1])
        host = re.sub(r"[^A-Za-z0-9_-]", "_", platform.node())
        name = f"events.out.tfevents.{second}.{host}.{os.getpid()}{suffix}"
        self._writer = tf.io.TFRecordWriter(str(folder / name))
        self._write(file_version="brain.Event:2")

    def _write(self, **fields):
        self._time = max(self._time, time.time())
        self._writer.write(_EVENT(wall_time=self._time, **fields).SerializeToString())

    def restart(self, step):
        """Make TensorBoard drop what it has read from `step` on."""
        start = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        for _ in range(2):  # TensorBoard ignores the first START of a folder.
            self._write(step=step, session_log=start)

    def scalar(self, step, tag, value):
        """Write one number."""
        tensor = tf.make_tensor_proto(value, tf.float32, [])
        self._value(step, tag, tensor, _SCALAR)

    def image(self, step, tag, pixels):
        """Write one picture: uint8 [H, W, 3]."""
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, format="png")
        height, width = pixels.shape[:2]
        described = [str(width), str(height), content.getvalue()]
        self._value(step, tag, tf.make_tensor_proto(described, tf.string, [3]), _IMAGE)

    def _value(self, step, tag, tensor, metadata):
        value = {"tag": tag, "tensor": tensor, "metadata": metadata}
        self._write(step=step, summary=tf.compat.v1.Summary(value=[value]))

    def flush(self):
        """Write what is buffered to the disk."""
        self._writer.flush()

    def close(self):
        """Flush and close the file."""
        self._writer.close()


def _newest(folder):
    """(time in the name, path) of the event file that TensorBoard reads last, or None."""
    found = [(match, path) for path in folder.iterdir() if (match := _NAME.match(path.name))]
    if not found:
        return None
    newest = max((path for _, path in found), key=lambda path: path.name)
    return max(int(match[1]) for match, _ in found), newest


def last_time(path):
    """The time of the last whole event of a file, or 0.0.

    A record is its length (8 bytes), a checksum (4), the event, and a checksum (4). Only the last
    event is read.
    """
    with open(path, "rb") as file:
        end, last = file.seek(0, os.SEEK_END), None
        file.seek(0)
        while len(head := file.read(12)) == 12:
            begin, (length,) = file.tell(), struct.unpack("<Q", head[:8])
            if begin + length + 4 > end:
                break
            last = begin, length
            file.seek(begin + length + 4)
        if last is None:
            return 0.0
        file.seek(last[0])
        event = _EVENT()
        try:
            event.ParseFromString(file.read(last[1]))
        except Exception:  # protobuf's errors differ between its versions. A damaged file.
            return 0.0
    return event.wall_time

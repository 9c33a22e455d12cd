"""A progress bar for a run or for the parts of an evaluation."""

import errno
import shutil
import sys
import time


def duration(seconds):
    """Seconds as "1:02:03" or "2:03"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _is_cell(stream):
    """Whether a stream is the output of a notebook's cell: it obeys \\r as a terminal does."""
    return type(stream).__module__.partition(".")[0] == "ipykernel"


class ProgressBar:
    """Shows step, time left and terms.

    The line of a terminal or of a notebook's cell is redrawn. Elsewhere each call adds a line.

    The time left is computed from the steps of this process. Its first step does not count, because
    it traces the graph.

    Args:
      total: steps of the whole run.
      stream: where to write.
      width: characters of the bar.
      name: the name of what is counted.
    """

    def __init__(self, total, stream=None, width=24, name="step"):
        self.total = total
        self.name = name
        self.stream = stream or sys.stdout
        self.width = width
        self.live = self.stream.isatty() or _is_cell(self.stream)
        self._first = None
        self._drawn = 0.0
        self._length = 0

    def restart(self, name, total):
        """Start to count something else, on the same line of a terminal."""
        self.name, self.total, self._first = name, total, None

    def tick(self, step):
        """Note that `step` is done. The clock starts at the first call."""
        if self._first is None:
            self._first = step, time.monotonic()

    def due(self):
        """Whether a terminal's or a cell's line should be redrawn: at most five times a second."""
        return self.live and time.monotonic() - self._drawn > 0.2

    def show(self, step, terms):
        """Draw the line for `step` with terms {name: float}."""
        done = int(self.width * step / self.total)
        bar = "=" * done + "." * (self.width - done)
        values = "  ".join(f"{name} {value:.2f}" for name, value in terms.items())
        line = f"{self.name} {step}/{self.total} [{bar}] {self._left(step)}  {values}"
        if self.live:
            # A line that wraps could not be redrawn.
            line = line[: shutil.get_terminal_size().columns - 1]
            self._write("\r" + line.ljust(self._length))
            self._length = len(line)
            self._drawn = time.monotonic()
        else:
            self._write(line + "\n")

    def close(self):
        """End a line that is redrawn."""
        if self.live and self._length:
            self._write("\n")
            self._length = 0

    def _write(self, text):
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError as error:
            # EIO: the terminal is closed. SIGHUP ends the run, after a checkpoint.
            if error.errno != errno.EIO:
                raise

    def _left(self, step):
        if self._first is None or step <= self._first[0]:
            return "--:-- left"
        start, begun = self._first
        rate = (time.monotonic() - begun) / (step - start)
        return f"{duration(rate * (self.total - step))} left"

"""The progress of an evaluation: one line per metric, and a bar on a terminal."""

from train.progress import ProgressBar, duration


class Progress:
    """Estimators call it as progress(done, total). A new count starts a new bar.

    Args:
      say: called with each line.
      total: number of metrics.
      stream: the stream for the bar.
    """

    def __init__(self, say, total, stream=None):
        self.say = say
        self.total = total
        self._bar = ProgressBar(1, stream)
        self._title = ""
        self._last = None
        self._number = 0

    def start(self, name):
        """Begin the next metric."""
        self._number += 1
        self._title = f"[{self._number}/{self.total}] {name}"
        self._last = None

    def __call__(self, done, total):
        if self._last is None or total != self._last[1] or done < self._last[0]:
            self._bar.restart(self._title, total)
        self._last = done, total
        self._bar.tick(done)
        if self._bar.due():
            self._bar.show(done, {})

    def end(self, outcome, seconds=None):
        """End the metric's bar and print the outcome."""
        self._bar.close()
        spent = "" if seconds is None else f" ({duration(seconds)})"
        self.say(f"{self._title}: {outcome}{spent}")

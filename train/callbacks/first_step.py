"""A line for a user who waits for the first step: TensorFlow is building the graph."""

import threading
import time

import keras

AFTER = 5.0


class SayGraph(keras.callbacks.Callback):
    """Says that the graph is being built if the first step takes more than `after` seconds.

    A context around `fit`: an error in the first step ends the waiting.

    Args:
      say: called with each line for the user, from another thread.
      after: seconds.
    """

    def __init__(self, say, after=AFTER):
        super().__init__()
        self.say = say
        self.after = after
        self._timer = None
        self._begun = None

    def on_train_batch_begin(self, batch, logs=None):
        if self._begun is None:
            self._begun = time.monotonic()
            self._timer = threading.Timer(self.after, self._wait)
            self._timer.daemon = True  # A run that is killed does not wait for it.
            self._timer.start()

    def on_train_batch_end(self, batch, logs=None):
        if not self._stop():
            return
        seconds = time.monotonic() - self._begun
        if seconds > self.after:
            self.say(f"The first step took {seconds:.0f} s. The next ones use the same graph.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop()

    def _stop(self):
        """End the timer: whether there was one."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()
        return timer is not None

    def _wait(self):
        self.say("Building the graph of the training step ...")

"""A signal to one worker stops all of them, after the same step, with a checkpoint of it."""

import time

from train import signals
from train.callbacks.guards import StopOnSignal

_EVERY = 0.5  # seconds between two questions whether a worker has had a signal
_MOST_STEPS = 100


class StopTogether(StopOnSignal):
    """Saves and stops on every worker if one of them gets SIGTERM, SIGINT or SIGHUP.

    The workers ask each other about twice a second. How many steps lie between two questions is
    the chief's choice, from its clock: all must ask after the same step.

    Args:
      clock: the run's Clock.
      checkpoints: a TeamCheckpoints.
      team: a train.workers.team.Team.

    Raises:
      Interrupted: after the checkpoint was written.
    """

    def __init__(self, clock, checkpoints, team):
        super().__init__(clock, checkpoints)
        self.team = team
        self._next = 0
        self._asked = None  # (step, time) of the last question

    def on_train_batch_end(self, batch, logs=None):
        # At the end of an interval on_epoch_end asks, after the checkpoint.
        if self.clock.step < self._next or self.clock.interval_ends:
            return
        if self._ask():
            self.checkpoints.save(self.model, self.clock.step)
            self._stop()

    def on_epoch_end(self, epoch, logs=None):
        if self._ask():
            self._stop()

    def _ask(self):
        """Whether a worker has had a signal. This one may get its own at any moment."""
        own = self.received
        had = [float(number == own) for number in signals.STOP]
        wait, *counts = self.team.sum([self._steps() if self.team.is_chief else 0, *had])
        self._next = self.clock.step + int(wait)
        self._asked = self.clock.step, time.monotonic()
        agreed = [n for n, count in zip(signals.STOP, counts, strict=True) if count]
        if agreed:
            self.received = agreed[0]
        return bool(agreed)

    def _steps(self):
        """How many steps from now on the next question comes."""
        if self._asked is None or self._asked[0] == self.clock.step:
            return 1
        step, then = self._asked
        rate = (self.clock.step - step) / max(time.monotonic() - then, 1e-6)
        return min(max(int(rate * _EVERY), 1), _MOST_STEPS)

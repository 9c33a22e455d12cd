"""The training step, counted over all fits of a run."""

import keras


class Clock(keras.callbacks.Callback):
    """Counts steps; the other callbacks read it, so it stands first in the list.

    Args:
      step: steps done before this process.
      total: steps of the whole run.
      every: steps between checkpoints: the length of an interval, Keras' epoch.
    """

    def __init__(self, step, total, every):
        super().__init__()
        self.step = step
        self.total = total
        self.every = every

    @property
    def interval_ends(self):
        """Whether validation, pictures and a checkpoint follow the present step."""
        return self.step % self.every == 0 or self.step == self.total

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1


def intervals(start, total, every):
    """Cut the steps start .. total into fits with intervals of equal length.

    Yields:
      (first epoch, last epoch, steps an epoch): a fit each. A short one finishes an interval that
      was interrupted, and another takes what is left at the end.
    """
    while start < total:
        whole = (total - start) // every
        epoch = start // every
        if start % every == 0 and whole:
            yield epoch, epoch + whole, every
            start += whole * every
        else:
            end = min(total, (epoch + 1) * every)
            yield epoch, epoch + 1, end - start
            start = end

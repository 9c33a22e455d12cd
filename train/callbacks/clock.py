"""The training step, counted over all fits of a run."""

import keras


class Clock(keras.callbacks.Callback):
    """Counts steps. The other callbacks read it, so it comes first in the list.

    Args:
      step: steps done before this process.
      total: steps of the whole run.
      every: steps between checkpoints: the length of an interval, which is an epoch of Keras.
    """

    def __init__(self, step, total, every):
        super().__init__()
        self.step = step
        self.total = total
        self.every = every

    @property
    def interval_ends(self):
        """Whether validation, pictures and a checkpoint follow the current step."""
        return self.step % self.every == 0 or self.step == self.total

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1


def intervals(start, total, every):
    """Cut the steps start .. total into fits with intervals of equal length.

    Yields:
      (first epoch, last epoch, steps per epoch) for each fit. A short fit finishes an interval that
      was interrupted; another one takes the steps that are left at the end.
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

"""Pictures, a checkpoint and the best checkpoint at the end of every interval."""

import keras


class DrawPictures(keras.callbacks.Callback):
    """Draws the run's pictures into samples/ and TensorBoard.

    Args:
      clock: the run's Clock.
      draw: draw(model, step) writes the files and returns [(name, uint8 picture [H, W, 3])].
      summaries: a train.callbacks.logs.Summaries.
    """

    def __init__(self, clock, draw, summaries):
        super().__init__()
        self.clock = clock
        self.draw = draw
        self.summaries = summaries

    def on_epoch_end(self, epoch, logs=None):
        for name, pixels in self.draw(self.model, self.clock.step):
            self.summaries.image(self.clock.step, name, pixels)
        self.summaries.flush()


class SaveCheckpoint(keras.callbacks.Callback):
    """Writes the checkpoint, after the metrics and the pictures of its step.

    A process that is killed before this repeats the whole interval. One that is killed after it has
    lost no metrics and no pictures.
    """

    def __init__(self, clock, checkpoints):
        super().__init__()
        self.clock = clock
        self.checkpoints = checkpoints

    def on_epoch_end(self, epoch, logs=None):
        self.checkpoints.save(self.model, self.clock.step)


class KeepBest(keras.callbacks.Callback):
    """Keeps the checkpoint with the best validation bound, after that of this step is written.

    Args:
      clock: the run's Clock.
      best: a train.selection.Best.
    """

    def __init__(self, clock, best):
        super().__init__()
        self.clock = clock
        self.best = best

    def on_epoch_end(self, epoch, logs=None):
        self.best.update(self.clock.step)

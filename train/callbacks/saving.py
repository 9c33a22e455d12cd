"""Pictures and a checkpoint at the end of every interval."""

import keras


class DrawPictures(keras.callbacks.Callback):
    """Draws the run's pictures into samples/ and TensorBoard.

    Args:
      clock: the run's Clock.
      draw: draw(model, step), gives [(name, uint8 picture [H, W, 3])] and writes the files.
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
    """Writes the checkpoint, after all that belongs to its step is on the disk.

    A process killed before it has written the checkpoint repeats the interval as a whole; one
    killed afterwards has lost no metrics and no pictures.
    """

    def __init__(self, clock, checkpoints):
        super().__init__()
        self.clock = clock
        self.checkpoints = checkpoints

    def on_epoch_end(self, epoch, logs=None):
        self.checkpoints.save(self.model, self.clock.step)

"""Metrics to metrics.jsonl, TensorBoard and the progress bar."""

import contextlib
import math
import pathlib
import time

import keras
import tensorflow as tf

from tfgvae.messages import reason
from train.callbacks.events import EventFile
from train.loss_scaling import LossScaling


def plain(logs):
    """Logs as JSON stores them: floats, with None for values that are not finite."""
    values = {name: float(value) for name, value in logs.items()}
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def tag(name):
    """A metric's tag in TensorBoard: a section (totals, steps, groups of latents) and its name."""
    if "_step_" in name:
        return f"by_step/{name}"
    if name.startswith("kl_"):
        return f"by_latent_group/{name}"
    return f"terms/{name}"


class Summaries:
    """TensorBoard's files, one per split, so that train and validation share a chart.

    Args:
      folder: the run folder.

    Raises:
      OSError: from every method, when the files cannot be written.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "tensorboard"
        self._files = {}

    @contextlib.contextmanager
    def _as_os_error(self):
        # In a callback, Keras takes some of TensorFlow's errors for the end of the data.
        try:
            yield
        except (tf.errors.OpError, OSError) as error:
            raise OSError(f"cannot write to {self.folder}: {reason(error)}") from error

    def rewind(self, step):
        """Make TensorBoard drop what was written after step `step`: the run repeats these steps."""
        for folder in self.folder.glob("*"):
            with self._as_os_error():
                file = self._file(folder.name)
                file.restart(step + 1)
                file.flush()

    def _file(self, split):
        if split not in self._files:
            self._files[split] = EventFile(self.folder / split)
        return self._files[split]

    def scalars(self, step, split, metrics):
        """Write {name: float or None}."""
        with self._as_os_error():
            for name, value in metrics.items():
                if value is not None:
                    self._file(split).scalar(step, tag(name), value)

    def image(self, step, name, pixels):
        """Write one picture: uint8 [H, W, 3]."""
        with self._as_os_error():
            self._file("samples").image(step, name, pixels)

    def flush(self):
        """Write what is buffered to the disk."""
        with self._as_os_error():
            for file in self._files.values():
                file.flush()


class LogMetrics(keras.callbacks.Callback):
    """Writes means over the last `every` steps, and validation metrics at interval ends.

    A checkpoint does not hold the sums. After a resume, the first line is the mean over the steps
    since the resume, and differs from that of a run without interruption. The weights do not
    differ.

    Args:
      clock: the run's Clock.
      metrics_file: a train.workdir.MetricsFile.
      summaries: a Summaries.
      bar: a train.progress.ProgressBar.
      every: steps between lines.
      batch_size: images per step, for images_per_second.
      shown: names of the metrics in the progress bar.
    """

    def __init__(self, clock, metrics_file, summaries, bar, every, batch_size, shown):
        super().__init__()
        self.clock = clock
        self.metrics_file = metrics_file
        self.summaries = summaries
        self.bar = bar
        self.every = every
        self.batch_size = batch_size
        self.shown = shown
        self._mark = None

    def on_epoch_begin(self, epoch, logs=None):
        self._mark = None  # Validation, pictures and tracing do not count as training time.

    def on_train_batch_end(self, batch, logs=None):
        step = self.clock.step
        self.bar.tick(step)
        due = step % self.every == 0 or self.clock.interval_ends
        if due or self.bar.due():
            metrics = plain(logs)
            self.bar.show(step, {k: metrics[k] for k in self.shown if metrics.get(k) is not None})
        if due:
            self._write(step, "train", metrics | self._speed(step) | self._scaling())
        # At the end of an interval Keras resets them itself, after it has read the means.
        if due and not self.clock.interval_ends:
            self.model.reset_metrics()
        if due or self._mark is None:
            self._mark = step, time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        validation = {k.removeprefix("val_"): v for k, v in logs.items() if k.startswith("val_")}
        if validation:
            self._write(self.clock.step, "validation", plain(validation))
        self.summaries.flush()

    def on_train_end(self, logs=None):
        self.bar.close()

    def _speed(self, step):
        if self._mark is None or step == self._mark[0]:
            return {}
        start, begun = self._mark
        images = (step - start) * self.batch_size
        return {"images_per_second": round(images / (time.monotonic() - begun), 1)}

    def _scaling(self):
        """With loss scaling: its scale, and how many steps were skipped since step 0."""
        optimizer = self.model.optimizer
        if not isinstance(optimizer, LossScaling):
            return {}
        return {
            "loss_scale": float(optimizer.dynamic_scale.numpy()),
            "skipped_steps": int(optimizer.skipped_steps.numpy()),
        }

    def _write(self, step, split, metrics):
        self.metrics_file.append(step, split, metrics)
        self.summaries.scalars(step, split, metrics)

"""Callbacks that stop a run: at a loss that is not finite, at a signal."""

import contextlib
import os
import signal

import keras
import numpy as np

from train import signals
from train.errors import Interrupted, TrainError
from train.loss_scaling import LossScaling


class NonFiniteLoss(TrainError):
    """The loss is infinite or not a number."""


class StopIfNotFinite(keras.callbacks.Callback):
    """Stops at a step whose loss is not finite, before anything of that step is saved.

    With loss scaling (mixed_float16), a step whose gradient alone is not finite is skipped and no
    error. If the scale has fallen below 1, it is one: scaling is not the cause.

    Raises:
      NonFiniteLoss: names the step, the terms and the last good checkpoint.
    """

    def __init__(self, clock, checkpoints):
        super().__init__()
        self.clock = clock
        self.checkpoints = checkpoints

    def on_train_batch_end(self, batch, logs=None):
        # The logs are means since the last reset, so one bad step makes them bad at once.
        if np.isfinite(float(logs["loss"])):
            self._check_scale()
            return
        values = {name: float(value) for name, value in logs.items()}
        bad = [f"{k} = {v}" for k, v in values.items() if k != "loss" and not np.isfinite(v)]
        if bad:
            terms = f"terms that are not finite: {', '.join(bad)}"
        else:
            finite = ", ".join(f"{k} = {v:.4g}" for k, v in values.items() if k != "loss")
            terms = f"its terms are finite ({finite}): a weight or a schedule overflows"
        raise NonFiniteLoss(
            f"step {self.clock.step}: loss = {values['loss']}; {terms}; "
            f"{self.checkpoints.describe_last()}. {self._advice()}"
        )

    def _check_scale(self):
        scaling = self.model.optimizer
        if not isinstance(scaling, LossScaling) or scaling.dynamic_scale.numpy() >= 1:
            return
        raise NonFiniteLoss(
            f"step {self.clock.step}: the loss is finite, but the gradient is not, with a loss "
            f"scale of {float(scaling.dynamic_scale.numpy()):g} and after "
            f"{int(scaling.skipped_steps.numpy())} skipped steps; "
            f"{self.checkpoints.describe_last()}. {self._advice()}"
        )

    def _advice(self):
        if isinstance(self.model.optimizer, LossScaling):
            return (
                "Numbers of float16 end at 65504; those of --config.precision=mixed_bfloat16 do "
                "not. A smaller learning rate (--config.train.learning_rate) may help, too."
            )
        return (
            "A smaller learning rate (--config.train.learning_rate) or clipping "
            "(--config.train.clip_norm) may help."
        )


class StopOnSignal(keras.callbacks.Callback):
    """SIGTERM, SIGINT, SIGHUP: save a checkpoint at the end of the current step, then stop.

    It is a context manager and handles the signals inside it, but for one that is ignored outside:
    under nohup a run goes on without its terminal. A second signal has its usual effect,
    at once. It comes last in the list of callbacks, so that at the end of an interval the
    checkpoint is already written.

    Raises:
      Interrupted: after the checkpoint was written.
    """

    def __init__(self, clock, checkpoints):
        super().__init__()
        self.clock = clock
        self.checkpoints = checkpoints
        self.received = None
        self._before = {}

    def __enter__(self):
        self._before = signals.handle(self._note)
        return self

    def __exit__(self, *_):
        self._restore()

    def _restore(self):
        signals.put_back(self._before)
        self._before = {}

    def _note(self, number, frame):
        self.received = number
        self._restore()
        # print() is not safe in a signal handler.
        name = signal.Signals(number).name
        with contextlib.suppress(OSError):  # After SIGHUP there may be no terminal.
            os.write(2, f"\n{name}: saving a checkpoint after this step.\n".encode())

    def on_train_batch_end(self, batch, logs=None):
        # At the end of an interval validation comes first, as in an undisturbed run.
        if self.received and not self.clock.interval_ends:
            self.checkpoints.save(self.model, self.clock.step)
            self._stop()

    def on_epoch_end(self, epoch, logs=None):
        if self.received:
            self._stop()

    def _stop(self):
        name = signal.Signals(self.received).name
        raise Interrupted(
            f"Stopped by {name} at step {self.clock.step}; "
            f"{self.checkpoints.describe_last()}. The same command resumes.",
            self.received,
        )

"""train_and_evaluate: strategy, model, data, callbacks, `fit`."""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import contextlib
import functools
import pathlib

import keras
import tensorflow as tf

from tfgvae import runs
from tfgvae.models import batch_gradient
from tfgvae.zoo import arrays
from train import build, configuration, files, optimizers, pictures, sources, strategies, workdir
from train import callbacks as cb
from train.callbacks.averages import put_averages
from train.callbacks.clock import intervals
from train.callbacks.logs import Summaries, plain
from train.datasets import Datasets, dequantizes
from train.errors import as_setup_error, as_train_error
from train.progress import ProgressBar
from train.selection import Best, bound_of
from train.workers import joining
from train.workers import team as teams


class Run:
    """One run: its model, its data, its fits and its evaluation.

    Args:
      settled: a configuration.Settled.
      folder: the run folder.
      strategy: a tf.distribute strategy.
      say: called with each line for the user.
      stream: where the progress bar is drawn; None is the standard output.
      team: the run's workers; see train.workers.team.
    """

    def __init__(self, settled, folder, strategy, say, stream=None, team=None):
        self.team = team = team or teams.Alone()
        self.config = config = settled.config
        self.stored = settled.stored
        self.folder = folder
        self.strategy = strategy
        self.say = say
        self.stream = stream
        self.checkpoints = team.checkpoints(folder, config.train.keep)
        self.metrics_file = workdir.MetricsFile(team.own(folder))
        self.summaries = Summaries(team.own(folder))
        selects = config.train.select == "best" and team.is_chief
        self.best = Best(folder) if selects else None
        self.data = Datasets(config)
        self.clock = None

    def build(self):
        """Make the compiled model, restore the newest checkpoint, open the data.

        Returns:
          The training step to go on from.
        """
        info = self.data.training_info
        with self.strategy.scope():
            newest = self.checkpoints.newest(self.say)
            step, path = newest or (0, None)
            if step > self.config.train.steps:
                raise ValueError(
                    f"{path} is beyond train.steps = {self.config.train.steps}: nothing to do"
                )
            self.model = build.compiled(self.config, info, self._fixed_network(path))
            if path:
                self.checkpoints.restore(self.model, path, step)
            elif self.config.init_from:
                self._start_from(self.config.init_from)
        self._find_values()
        self._say_learning_rate(step)
        self.say(f"Model: {type(self.model).__name__}, {self.model.count_params():,} parameters.")
        self._say_parts()
        self.validation = self.validation_data(self.config.train.eval_images)
        self.reconstructed = self._images_to_reconstruct()
        # Raises for bad options now, not in the middle of `fit`.
        self.data.training(self.model.family, step)
        return step

    def _start_from(self, source):
        """Take the weights of a preset, a run or a file; see tfgvae.zoo.arrays.start_from."""
        try:
            arrays.start_from(self.model, sources.trained(source))
        except ValueError as error:
            raise ValueError(f"--init_from={source}: {error}") from error
        self.say(f"First weights: {source}")

    def _fixed_network(self, path):
        """The network of a fixed q in the checkpoint; None: load q from the classifier's file."""
        if path is None or self.config.inference.checkpoint is None:
            return None
        if self.stored and self.stored.inference.checkpoint != self.config.inference.checkpoint:
            raise ValueError(
                f"the run's q is the classifier {self.stored.inference.checkpoint}, and a fixed q "
                f"does not change in a run, got {self.config.inference.checkpoint}: give another "
                "--workdir"
            )
        return self.checkpoints.fixed_network(path)

    def _find_values(self):
        """Put the values that come from the data and the parts into the configuration."""
        data, train = self.config.data, self.config.train
        data.dequantize = dequantizes(self.config, self.model.family)
        geometry = self.data.geometry
        data.update(image_size=geometry.image_size, crop=geometry.crop)
        train.weight_decay = optimizers.inner(self.model.optimizer).weight_decay

    def _say_learning_rate(self, step):
        """If the end of the learning rate's schedule has moved, say how the rate goes on."""
        train, before = self.config.train, self.stored and self.stored.train
        if not step or not before or train.schedule == "constant" or train.steps == before.steps:
            return
        old, new = (optimizers.learning_rate(section, step) for section in (before, train))
        self.say(
            f"Learning rate: {new:.3g} from step {step} on, falling to 0 at step {train.steps}. "
            f"With {before.steps} steps it was {old:.3g} there."
        )

    def _say_parts(self):
        """Say what batch normalisation sees if a batch is taken in parts."""
        train = self.config.train
        if train.accumulate > 1 and batch_gradient.has_batch_norm(self.model):
            self.say(
                f"Batch normalisation takes the moments of {train.batch_size // train.accumulate} "
                f"images at a time: a part of each batch, train.accumulate = {train.accumulate}."
            )

    def evaluation_data(self, num_examples=None):
        """The test split, or its first `num_examples`, in batches that leave no replica empty."""
        return self._passes(self.data.test_info, self.data.evaluation, num_examples)

    def validation_data(self, num_examples):
        """The same of the images of the rows "validation"."""
        return self._passes(self.data.validation_info, self.data.validation, num_examples)

    def _passes(self, info, batches, num_examples=None):
        available = info.num_examples
        count = min(num_examples or available, available)
        replicas = self.strategy.num_replicas_in_sync
        if count < replicas:
            raise ValueError(f"{replicas} replicas need as many test images, got {count}")
        size = strategies.evaluation_batch_size(count, self.config.train.batch_size, replicas)
        drop = size is None
        if drop:
            size = replicas
            self.say(f"{count} test images do not divide over {replicas} replicas: rest dropped.")
        return self.team.divided(
            lambda division: batches(self.model.family, size, count, drop, division),
            steps=count // size if drop else -(-count // size),
        )

    def _images_to_reconstruct(self):
        """The first images of the test split for the pictures, or None without pictures."""
        count = min(self.config.pictures.num, self.data.test_info.num_examples)
        count = count if self.team.is_chief else 0
        return next(iter(self.data.evaluation(self.model.family, count, count))) if count else None

    def callbacks(self, step):
        """(callbacks in order, those that are contexts around `fit`)."""
        train = self.config.train
        terms = ("loss", "nll", "kl", "penalty")
        if self.config.regularizer.name == "kl":
            terms = terms[:-1]  # It is the same number.
        clock = self.clock = cb.Clock(step, train.steps, train.checkpoint_every)
        signals = self.team.signals(clock, self.checkpoints)
        graph = cb.SayGraph(self.say)
        return [
            clock,
            graph,
            # Before anything is written about a step that is not finite.
            cb.StopIfNotFinite(clock, self.checkpoints),
            cb.LogMetrics(
                clock,
                self.metrics_file,
                self.summaries,
                ProgressBar(train.steps, self.stream),
                train.log_every,
                train.batch_size,
                terms,
            ),
            *self.pictures(clock),
            # After validation and pictures, which use the averages.
            *([] if train.ema_momentum is None else [cb.UseAverages()]),
            # After everything else of the step: a resume trusts the checkpoint.
            cb.SaveCheckpoint(clock, self.checkpoints),
            *([] if self.best is None else [cb.KeepBest(clock, self.best)]),
            signals,
        ], (signals, graph)

    def pictures(self, clock):
        """[the callback that draws], or [] without pictures."""
        if self.reconstructed is None:
            return []
        draw = functools.partial(
            pictures.draw, config=self.config, folder=self.folder, batch=self.reconstructed
        )
        return [cb.DrawPictures(clock, draw, self.summaries)]

    def fit(self, step):
        """Train from `step` to the end: a Keras epoch is the time between two checkpoints."""
        train = self.config.train
        callbacks, (signals, graph) = self.callbacks(step)
        with as_train_error(lambda: self.place(step)), self.team.working(), signals, graph:
            for first, last, length in intervals(step, train.steps, train.checkpoint_every):
                self.model.fit(
                    self.training_data(self.clock.step),
                    initial_epoch=first,
                    epochs=last,
                    steps_per_epoch=length,
                    validation_data=self.validation,
                    callbacks=callbacks,
                    shuffle=False,  # The data are shuffled already; True, the default, warns.
                    verbose=0,
                )

    def training_data(self, step):
        """Batches from `step` on, for this worker's replicas."""
        family = self.model.family
        if family.wants_initialization:  # From the whole batch, which `fit` may not see.
            self.model.initialize(next(iter(self.data.training(family, step))))
        return self.team.divided(lambda division: self.data.training(family, step, division))

    def evaluate(self):
        """Metrics over the whole test split, written to metrics.jsonl: {name: float}.

        The model has the weights that the run gives from here on: see `take_selected`.
        """
        step = self.config.train.steps
        with as_train_error(lambda: self.place(step)), self.team.working():
            self.take_selected()
            metrics = self.model.evaluate(self.evaluation_data(), verbose=0, return_dict=True)
            metrics = plain(metrics)
            self.metrics_file.append(step, "test", metrics)
            self.summaries.scalars(step, "test", metrics)
            self.summaries.flush()
        return metrics

    def take_selected(self):
        """Give the model the selected checkpoint's weights, or their averages if it has them."""
        steps = self.config.train.steps
        found = self.team.from_chief(lambda: self.best and self.best.update(steps))
        if found:
            step, row = found
            name, value = bound_of(row)
            self.checkpoints.restore(self.model, runs.best_path(self.folder, step), step)
            self.say(f"Selected: step {step}, validation {name} {value:.3f}.")
        put_averages(self.model)

    def place(self, start):
        """The arguments of an error in a fit or an evaluation from step `start` on.

        See `where` of train.errors.as_train_error.
        """
        step = self.clock.step if self.clock else start
        return f"step {step}", step == start, self.checkpoints.describe_last()


def _set_up(config, folder, strategy, overwrite_config, say, given, stream, locked, team):
    """Do what can fail before the first step: (Run, step to go on from)."""
    exists = folder.is_dir()
    if exists and team.is_chief:
        locked.enter_context(workdir.lock(folder))
    settled = configuration.settle(config, folder, given, overwrite_config)
    config = settled.config
    team.agree(config)
    for line in settled.lines:
        say(line)
    if config.train.deterministic_ops:
        keras.utils.set_random_seed(config.seed)
        tf.config.experimental.enable_op_determinism()
    if isinstance(strategy, str):
        strategy = strategies.make(strategy)
    strategies.check_batch_size(strategy, config.train.batch_size, config.train.accumulate)
    run = Run(settled, folder, strategy, say, stream, team)
    step = run.build()
    if team.is_chief:
        # Only now, so that a bad configuration leaves nothing in the folder.
        workdir.prepare(folder, config)
        if not exists:
            locked.enter_context(workdir.lock(folder))
        run.checkpoints.clean()
        for unfinished in (folder, folder / "samples"):
            files.clean(unfinished)
        run.metrics_file.rewind(step)
        if run.best:
            run.best.update(step)  # A process may have been killed between a checkpoint and this.
    return run, step


def train_and_evaluate(
    config,
    folder,
    strategy="auto",
    overwrite_config=False,
    say=print,
    given=None,
    stream=None,
    wait=joining.WAIT,
):
    """Train the model of `config` in a run folder, or resume the run there, and evaluate it.

    If the folder holds a run, a field at None takes the run's value. A value that differs from the
    run's is an error, except for the fields in configuration.FREE.

    Args:
      config: ConfigDict as configs.get_config makes it.
      folder: the run folder; created if it does not exist.
      strategy: a name of train.strategies, or a tf.distribute strategy.
      overwrite_config: go on although the folder's configuration differs.
      say: called with each line for the user.
      given: keys of the fields that the user set, if known; see configuration.settle.
      stream: where the progress bar is drawn; None is the standard output.
      wait: seconds to wait for the other workers of the strategy "multiworker".

    Returns:
      (model, test metrics {name: float}); metrics are None if the run had finished before. With
      train.ema_momentum the model has the averages of its weights, and with train.select = "best"
      those of the best checkpoint.

    Raises:
      train.errors.TrainError: the run cannot start or go on.
    """
    folder = pathlib.Path(folder)
    if strategy == "multiworker":
        with as_setup_error():
            strategy = joining.join(wait)  # Before TensorFlow is used.
    team = teams.of(strategy)
    say, stream = team.say(say), team.stream(stream)
    with contextlib.ExitStack() as held:
        held.enter_context(team.session())
        with as_setup_error(), team.working():
            run, step = _set_up(
                config, folder, strategy, overwrite_config, say, given, stream, held, team
            )
        return _finish(run, step, folder, say)


def _finish(run, step, folder, say):
    """Train from `step` on and evaluate; see train_and_evaluate."""
    steps = run.config.train.steps
    if run.team.from_chief(lambda: step == steps and run.metrics_file.has(step, "test")):
        say(f"This run has finished: {folder} is at step {step}.")
        run.take_selected()
        return run.model, None
    if step:
        say(f"Resuming {folder} at step {step}.")
    with as_setup_error():
        run.summaries.rewind(step)
    if step < steps:
        run.fit(step)
    return run.model, run.evaluate()

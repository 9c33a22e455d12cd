"""One run: its model, its callbacks, `fit`, `evaluate`."""

import functools

from tfgvae import runs
from train import beginning, optimizers, pictures, workdir
from train import callbacks as cb
from train.callbacks.averages import put_averages
from train.callbacks.clock import intervals
from train.callbacks.logs import Summaries, plain
from train.datasets import Datasets, dequantizes
from train.errors import as_train_error
from train.feeding import Feed
from train.progress import ProgressBar
from train.selection import Best, bound_of
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
        self.settled = settled
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
        self.feed = Feed(self.data, config, strategy, team, say)
        self.clock = None

    def build(self):
        """Make the compiled model with its first weights; open the data.

        Returns:
          The training step to go on from.
        """
        info = self.data.training_info
        self.data.check_shapes()
        with self.strategy.scope():
            self.model, step = beginning.begin(self.settled, info, self.checkpoints, self.say)
        self._find_values()
        for line in beginning.notes(self.settled, self.model, step):
            self.say(line)
        family = self.model.family
        self.validation = self.feed.validation(family)
        self.reconstructed = self.feed.reconstructed(family)
        # Raises for bad options now, not in the middle of `fit`.
        self.data.training(family, step)
        return step

    def _find_values(self):
        """Put the values that come from the data and the parts into the configuration."""
        data, train = self.config.data, self.config.train
        data.dequantize = dequantizes(self.config, self.model.family)
        geometry = self.data.geometry
        data.update(image_size=geometry.image_size, crop=geometry.crop)
        train.weight_decay = optimizers.inner(self.model.optimizer).weight_decay

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
                    self.feed.training(self.model, self.clock.step),
                    initial_epoch=first,
                    epochs=last,
                    steps_per_epoch=length,
                    validation_data=self.validation,
                    callbacks=callbacks,
                    shuffle=False,  # The data are shuffled already; True, the default, warns.
                    verbose=0,
                )

    def evaluate(self):
        """Metrics over the whole test split, written to metrics.jsonl: {name: float}.

        The model has the weights that the run gives from here on: see `take_selected`.
        """
        step = self.config.train.steps
        with as_train_error(lambda: self.place(step)), self.team.working():
            self.take_selected()
            metrics = self.model.evaluate(
                self.feed.test(self.model.family), verbose=0, return_dict=True
            )
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

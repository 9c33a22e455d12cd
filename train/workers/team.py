"""What a worker of a run does, what it leaves to the chief, and what all decide together.

A decision of all workers is a collective operation: every worker must come to it, in the same
order. So the workers run the same program. The chief works in the run folder, the others in a
scratch folder that is removed at the end.
"""

import contextlib
import json
import os
import shutil
import tempfile
import time

import tensorflow as tf

from tfgvae.data.division import Division
from tfgvae.models.worker_data import counted
from train import configuration, unfinished
from train.callbacks.guards import StopOnSignal
from train.checkpoints import Checkpoints
from train.errors import SetupError, TrainError
from train.workers import cluster as clusters
from train.workers.saving import TeamCheckpoints, appears
from train.workers.stopping import StopTogether

_SCRATCH = "tfgvae-worker-"
_FILES = {"checkpoints", "metrics.jsonl", "tensorboard", "samples"}
# These may differ between workers: they change no step, and no collective operation.
_OWN = ("data.data_dir", "data.download", "pictures.", "train.keep")


class WorkerLost(TrainError):
    """Another worker has stopped."""


class Alone:
    """A process that trains without others, and does everything itself."""

    is_chief = True

    def from_chief(self, make):
        """make() of the chief, a value of JSON, on every worker."""
        return make()

    def agree(self, config):
        """Check that all workers have the same configuration."""

    def share(self, folder):
        """Check that all workers see the run folder, which the chief has made."""

    def divided(self, make, steps=tf.data.INFINITE_CARDINALITY):
        """Batches for Keras, `steps` of them: make(division) gives this worker's part."""
        return make(None)

    def own(self, folder):
        """The folder in which this worker writes."""
        return folder

    def say(self, say):
        """The function that shows lines to the user."""
        return say

    def stream(self, stream):
        """Where the progress bar is drawn."""
        return stream

    def checkpoints(self, folder, keep):
        """The run's Checkpoints."""
        return Checkpoints(folder, keep)

    def signals(self, clock, checkpoints):
        """The callback that stops at a signal."""
        return StopOnSignal(clock, checkpoints)

    @contextlib.contextmanager
    def working(self):
        """Within it the loss of another worker is a WorkerLost."""
        yield

    @contextlib.contextmanager
    def session(self):
        """The time of a run."""
        yield


class Team(Alone):
    """The workers of a strategy, as one of them sees them.

    Args:
      cluster: a clusters.Cluster.
      strategy: a tf.distribute.MultiWorkerMirroredStrategy.
    """

    def __init__(self, cluster, strategy):
        self.cluster = cluster
        self.strategy = strategy
        self.is_chief = cluster.is_chief
        total, local = strategy.num_replicas_in_sync, len(strategy.extended.worker_devices)
        self.division = Division(cluster.index * local, local, total)
        self._scratch = None

    def sum(self, numbers):
        """The sum over the workers of a list of numbers, exact below 2^24: a list of floats."""
        vector = tf.constant(numbers, tf.float32)
        total = self.strategy.reduce(tf.distribute.ReduceOp.SUM, vector, axis=None)
        return total.numpy().tolist()

    def barrier(self):
        """Wait until all workers are here."""
        self.sum([0.0])

    def from_chief(self, make):
        content = list(json.dumps(make()).encode()) if self.is_chief else []
        (length,) = self.sum([len(content)])
        numbers = self.sum(content or [0] * int(length))
        return json.loads(bytes(map(int, numbers)))

    def agree(self, config):
        """Check that all workers have the chief's configuration.

        Raises:
          SetupError: this one has another; the message has a line for each field.
        """
        ours = configuration.as_json(config)
        chiefs = self.from_chief(lambda: ours)
        lines = [
            line for line in configuration.differences(chiefs, ours) if not line.startswith(_OWN)
        ]
        # All workers stop, each with its own sentence.
        (wrong,) = self.sum([1.0 if lines else 0.0])
        if lines:
            raise SetupError(
                f"{self.cluster.describe(self.cluster.index)} has another configuration than the "
                "chief. Give all workers the same flags, and a --workdir that they share. Chief's "
                "-> this worker's:\n  " + "\n  ".join(lines)
            )
        if wrong:
            raise SetupError(
                f"{wrong:g} of the workers have another configuration than this one: see their "
                "output"
            )

    def share(self, folder):
        """Check that every worker sees the chief's run folder.

        Raises:
          SetupError: a worker does not see it.
        """
        self.barrier()
        missing = not self.is_chief and not appears(folder / "config.json")
        (count,) = self.sum([1.0 if missing else 0.0])
        if count:
            raise SetupError(
                f"{count:g} of the workers do not see the chief's run folder: --workdir must be "
                "one folder that all workers share"
            )

    def divided(self, make, steps=tf.data.INFINITE_CARDINALITY):
        parts = self.strategy.distribute_datasets_from_function(lambda _: make(self.division))
        return counted(parts, steps)

    def own(self, folder):
        return folder if self.is_chief else self._scratch

    def say(self, say):
        return say if self.is_chief else lambda line: None

    def stream(self, stream):
        return stream if self.is_chief else open(os.devnull, "w")

    def checkpoints(self, folder, keep):
        return TeamCheckpoints(folder, keep, self)

    def signals(self, clock, checkpoints):
        return StopTogether(clock, checkpoints, self)

    @contextlib.contextmanager
    def working(self):
        try:
            yield
        except tf.errors.OpError as error:
            lost = self._lost(error)
            if not lost:
                raise
            raise WorkerLost(
                f"{lost} stopped, so {self.cluster.describe(self.cluster.index)} stops, too: see "
                "its output. The same command on all workers goes on from the last checkpoint, or "
                "from the beginning if there is none."
            ) from error

    def _lost(self, error):
        """Which workers have stopped, a clause for the user; None if the error is our own."""
        aborted = "Collective ops is aborted" in error.message
        for _ in range(10 if aborted else 1):
            time.sleep(0.3)  # A process that ends closes its port last.
            silent = self.cluster.silent()
            if silent:
                return ", ".join(map(self.cluster.describe, silent))
        return "another worker" if aborted else None

    @contextlib.contextmanager
    def session(self):
        if self.is_chief:
            with self.working():
                yield
                self.barrier()
            return
        parent = tempfile.gettempdir()
        unfinished.remove_left(parent, _SCRATCH, _FILES)
        with unfinished.new_folder(parent, _SCRATCH) as self._scratch:
            try:
                with self.working():
                    yield
                    # The chief does not end before the others, which would take it for lost.
                    self.barrier()
            finally:
                shutil.rmtree(self._scratch, ignore_errors=True)


def of(strategy):
    """The Team of a strategy with workers, or Alone."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return Alone()
    if not strategy.cluster_resolver.cluster_spec().as_dict():
        return Alone()
    return Team(clusters.from_environment(), strategy)

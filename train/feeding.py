"""The batches of a run, as its strategy and its team of workers take them."""

from train import strategies


class Feed:
    """What `fit` and `evaluate` read.

    Args:
      data: the run's train.datasets.Datasets.
      config: the run's configuration.
      strategy: its tf.distribute strategy.
      team: its workers; see train.workers.team.
      say: called with each line for the user.
    """

    def __init__(self, data, config, strategy, team, say):
        self.data = data
        self.config = config
        self.strategy = strategy
        self.team = team
        self.say = say

    def training(self, model, step):
        """Batches from `step` on, for this worker's replicas."""
        family = model.family
        if family.wants_initialization:  # From the whole batch, which `fit` may not see.
            model.initialize(next(iter(self.data.training(family, step))))
        return self.team.divided(lambda division: self.data.training(family, step, division))

    def test(self, family):
        """The test split, in batches that leave no replica empty."""
        return self._passes(family, self.data.test_info, self.data.evaluation)

    def validation(self, family):
        """The images of the rows "validation", at most train.eval_images, likewise."""
        count = self.config.train.eval_images
        return self._passes(family, self.data.validation_info, self.data.validation, count)

    def _passes(self, family, info, batches, num_examples=None):
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
            lambda division: batches(family, size, count, drop, division),
            steps=count // size if drop else -(-count // size),
        )

    def reconstructed(self, family):
        """The first test images, for the chief's pictures; None on other workers, or without."""
        count = min(self.config.pictures.num, self.data.test_info.num_examples)
        if not count or not self.team.is_chief:
            return None
        return next(iter(self.data.evaluation(family, count, count)))

"""The context of an experiment: its output folder, data and seed; it trains the runs."""

import dataclasses
import pathlib
from collections.abc import Callable

import configs
from tfgvae.estimators.features import classifier_features
from train.classifier import trained_classifier
from train.datasets import Datasets
from train.errors import SetupError, as_setup_error
from train.loop import train_and_evaluate
from train.opened import configured, open_run


@dataclasses.dataclass(frozen=True)
class Context:
    """The context of an experiment.

    Attributes:
      output: the folder of the figures; runs are in its folder runs/.
      preset: "quick" or "paper".
      dataset: a data set instead of the experiment's own; None keeps it.
      data_dir: where prepared TFDS data is, or None.
      seed: of every training, and of the random draws afterwards.
      say: called with each line for the user.
    """

    output: pathlib.Path
    preset: str = "quick"
    dataset: str | None = None
    data_dir: str | None = None
    seed: int = 0
    say: Callable = print

    def train(self, name, recipe, overrides):
        """Train a run or resume it. A finished run is kept.

        Args:
          name: its folder's name, under runs/.
          recipe: a name in configs.RECIPES.
          overrides: {"train.steps": 100, ...}, the differences from the recipe.

        Returns:
          The run folder.
        """
        config = self._config(recipe, overrides)
        config.pictures.num = 0  # The experiment draws its own figure.
        config.train.keep = config.train.steps  # Curves need every checkpoint.
        folder = self.output / "runs" / name
        self.say(f"Run {folder}:")
        train_and_evaluate(config, folder, say=self.say)
        return folder

    def images(self, folder, split, count):
        """The first `count` images of a run's split "train" or "test", as the run sees them.

        Returns:
          float32 [N, H, W, C], binarised or dequantised as in training; N < count if the split is
          smaller.
        """
        return open_run(folder, data_dir=self.data_dir, say=self.say).images(count, split)[0]

    def _config(self, recipe, overrides):
        config = configs.get_config(recipe)
        config.update_from_flattened_dict(overrides)
        config.update(seed=self.seed)
        config.data.data_dir = self.data_dir
        if self.dataset:
            config.data.name = self.dataset
        return config

    def has_labels(self, recipe):
        """Whether the images of the runs of a recipe have labels; nothing is trained for it."""
        with as_setup_error():
            info = Datasets(self._config(recipe, {})).test_info
        return info.num_classes is not None

    def require_labels(self, recipe):
        """Refuse data without labels, which `features` needs, before anything is trained.

        Raises:
          SetupError: the images of the runs of a recipe have no labels.
        """
        if not self.has_labels(recipe):
            name = self._config(recipe, {}).data.name
            raise SetupError(
                f"this experiment measures Frechet distances with a classifier, and {name} "
                "has no labels: use --dataset=digits, mnist or another set with labels"
            )

    def features(self, folder, steps):
        """The features of a classifier of a run's data, for Frechet distances.

        Args:
          folder: the run folder.
          steps: training steps of the classifier, which is trained once.

        Returns:
          A function from images to features.

        Raises:
          SetupError: the data have no labels.
        """
        config = configured(folder, self.data_dir)
        section = config.data
        height, width, _ = Datasets(config).test_info.image_shape
        path = trained_classifier(
            section.name,
            self.output / "runs" / f"classifier-{section.name}-{height}x{width}.keras",
            data_dir=self.data_dir,
            binarize=section.binarize,
            image_size=section.image_size,
            crop=section.crop,
            grayscale=section.grayscale,
            steps=steps,
            say=self.say,
        )
        return classifier_features(path)

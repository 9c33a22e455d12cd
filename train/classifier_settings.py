"""The settings of train.classifier."""

import dataclasses
import json
import pathlib

from configs import catalog
from configs.check import check_dataset, check_integer, check_learning_rate, check_noise
from train.files import check_name


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings that determine a trained classifier.

    Attributes:
      dataset: a name as tfgvae.data.load takes it, of a set with labels.
      train_split, test_split: splits of it.
      image_size, crop, grayscale, binarize, augment: as tfgvae.data.load takes them. A classifier
        for the samples of a model should see images like the model's.
      trunk, width, dense, norm: of ClassifierNetwork.
      steps: training steps.
      batch_size: images per step.
      learning_rate: the learning rate at the start.
      seed: of the weights, the order and the noise.
    """

    dataset: str
    train_split: str = "train"
    test_split: str = "test"
    image_size: int | None = None
    crop: int | str | None = None
    grayscale: bool = False
    binarize: str = "none"
    augment: str = "none"
    trunk: str = "conv"
    width: int = 32
    dense: tuple = (128,)
    norm: str = "batch"
    steps: int = 2000
    batch_size: int = 128
    learning_rate: float = 2e-3
    seed: int = 0

    def __post_init__(self):
        from tfgvae import checks  # This imports TensorFlow, which --help does not need.

        checks.integer("steps", self.steps, 1)
        checks.integer("batch_size", self.batch_size, 2)  # Batch normalisation of one row is 0.
        checks.integer("seed", self.seed, 0)
        checks.real("learning_rate", self.learning_rate, above=0)

    def as_dict(self):
        """The settings as a dict of JSON types."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    def open(self, split, **place):
        """The data.Split of one split; ValueError if it has no labels."""
        from tfgvae import data

        options = {name: getattr(self, name) for name in ("image_size", "crop", "grayscale")}
        opened = data.Split(self.dataset, split, **options, **place)
        if opened.info.num_classes is None:
            raise ValueError(
                f"a classifier is trained on labels, and split {split!r} of {self.dataset} has "
                "none: name a set with labels, such as digits or mnist"
            )
        return opened


def check_flags(flags):
    """Check flags, {field: value}, without TensorFlow.

    Raises:
      ValueError, FileNotFoundError: an unknown name, a size or a number out of its range, or no
        such data set.
    """
    _check_numbers(flags)
    for key, module, table in (
        ("trunk", "tfgvae.inference.gaussian", "TRUNKS"),
        ("norm", "tfgvae.layers.blocks", "NORMS"),
    ):
        catalog.check_name(catalog.names(module, table), flags[key], key)
    check_noise(flags["binarize"], flags["augment"])
    check_name("the output", flags["output"])
    if pathlib.Path(flags["output"]).suffix != ".keras":
        raise ValueError(
            f"the output must be a file name that ends in .keras, got {flags['output']}"
        )
    check_dataset(flags["dataset"], flags["data_dir"])


def _check_numbers(flags):
    most = catalog.constant("tfgvae.checks", "MOST")
    check_learning_rate(flags["learning_rate"])
    check_integer("steps", flags["steps"], 1)
    check_integer("seed", flags["seed"], 0)
    check_integer("batch_size", flags["batch_size"], 2, most["batch_size"])
    check_integer("width", flags["width"], 1, most["width"])
    layers = catalog.constant("tfgvae.checks", "MOST_LAYERS")
    if len(flags["dense"]) > layers:
        raise ValueError(f"dense must have at most {layers} numbers, got {len(flags['dense'])}")
    for number in flags["dense"]:
        check_integer("every number of dense", number, 1, most["dense"])
    if flags["image_size"] is not None:
        check_integer("image_size", flags["image_size"], 1, most["image_size"])
    if flags["crop"] not in (None, "none", "square"):
        _check_crop(flags["crop"])


def _check_crop(crop):
    # With the error of tfgvae.data.pixels.
    if not isinstance(crop, int) or crop < 1:
        raise ValueError(f"crop must be an integer >= 1, 'square' or 'none', got {crop!r}")

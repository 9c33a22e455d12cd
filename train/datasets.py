"""The data of a run. Each split is opened and decoded once and may be read many times."""

from tfgvae import data
from tfgvae.data.held_out import Part

PREPROCESSING = ("data_dir", "download", "image_size", "crop", "grayscale")


def dequantizes(config, family):
    """Whether uniform noise of one level is added to images.

    If the configuration does not say, noise is added for a density with a learned scale: its value
    would grow without bound on data with 256 levels. A density with a fixed scale needs no noise,
    and binarised pixels get none.
    """
    if config.data.dequantize is not None:
        return config.data.dequantize
    if config.data.binarize != "none":
        return False
    return not family.discrete and getattr(family, "learned", "fixed") != "fixed"


class Datasets:
    """The training and the test split of a configuration, opened at their first use.

    Args:
      config: ConfigDict as configs.base makes it.
    """

    def __init__(self, config):
        self.config = config
        self._splits = {}

    def _split(self, name, part=None):
        if (name, part) not in self._splits:
            section = self.config.data
            options = {option: section[option] for option in PREPROCESSING}
            self._splits[name, part] = data.Split(section.name, name, **options, part=part)
        return self._splits[name, part]

    def _train_split(self, held_out=False):
        """The training split without the share for validation, or that share."""
        share = self.config.train.validation
        part = Part(share, self.config.seed, held_out) if share else None
        return self._split(self.config.data.train_split, part)

    def _validation_split(self):
        """The images of the rows "validation": set aside from training, or the test split."""
        if self.config.train.validation:
            return self._train_split(held_out=True)
        return self._split(self.config.data.test_split)

    def _noise(self, family, augment):
        return data.Noise(self.config.data.binarize, dequantizes(self.config, family), augment)

    def check_shapes(self):
        """Check that all splits have images of one shape.

        Raises:
          ValueError: they have not.
        """
        expected = self.training_info.image_shape
        for split, info in (
            ("validation", self.validation_info),
            (self.config.data.test_split, self.test_info),
        ):
            if info.image_shape != expected:
                raise ValueError(
                    f"images of the split {self.config.data.train_split!r} have the shape "
                    f"{expected}, those of {split!r} {info.image_shape}: make them equal, or give "
                    "--config.data.image_size or --config.data.grayscale"
                )

    @property
    def training_info(self):
        """tfgvae.data.ImageInfo of the training split, without what is set aside."""
        return self._train_split().info

    @property
    def validation_info(self):
        """tfgvae.data.ImageInfo of the images for the rows "validation"."""
        return self._validation_split().info

    @property
    def geometry(self):
        """Crop and resize, with the data set's defaults: a tfgvae.data.pixels.Geometry."""
        return self._train_split().geometry

    @property
    def test_info(self):
        """tfgvae.data.ImageInfo of the test split."""
        return self._split(self.config.data.test_split).info

    def training(self, family, start_step, division=None):
        """Batches of the training split from `start_step` on, without end.

        `division` is that of tfgvae.data.stream.Schedule.
        """
        schedule = data.Schedule(
            self.config.train.batch_size,
            shuffle=True,
            repeat=True,
            start_step=start_step,
            seed=self.config.seed,
            drop_remainder=True,
            division=division,
        )
        noise = self._noise(family, self.config.data.augment)
        return self._train_split().batches(noise, schedule)

    def evaluation(
        self, family, batch_size, num_examples=None, drop_remainder=False, division=None
    ):
        """One pass over the first `num_examples` of the test split, in order (None: all)."""
        split = self._split(self.config.data.test_split)
        return self._pass(split, family, batch_size, num_examples, drop_remainder, division)

    def validation(
        self, family, batch_size, num_examples=None, drop_remainder=False, division=None
    ):
        """The same of the images for the rows "validation"."""
        split = self._validation_split()
        return self._pass(split, family, batch_size, num_examples, drop_remainder, division)

    def _pass(self, split, family, batch_size, num_examples, drop_remainder, division):
        schedule = data.Schedule(
            batch_size, seed=self.config.seed, drop_remainder=drop_remainder, division=division
        )
        return split.batches(self._noise(family, "none"), schedule, num_examples)

"""How a classifier is trained: its settings, one fit, its accuracy.

Loss: the cross entropy -log softmax(logits)[label], by Adam, the learning rate falling to 0 along
a cosine.
"""

import dataclasses
import json

import keras
import numpy as np
import tensorflow as tf

from tfgvae import checks, data
from tfgvae.estimators.estimate import Estimate
from tfgvae.layers.classifier import ClassifierNetwork
from train.errors import TrainError
from train.progress import ProgressBar


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a trained classifier is a function of.

    Attributes:
      dataset: a name as tfgvae.data.load takes it, of a set with labels.
      train_split, test_split: splits of it.
      image_size, crop, grayscale, binarize, augment: as tfgvae.data.load takes them. A classifier
        for the samples of a model should see images like the model's.
      trunk, width, dense, norm: of ClassifierNetwork.
      steps: training steps.
      batch_size: images a step.
      learning_rate: the first one.
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
        checks.integer("steps", self.steps, 1)
        checks.integer("batch_size", self.batch_size, 2)  # Batch normalisation of one row is 0.
        checks.integer("seed", self.seed, 0)
        checks.real("learning_rate", self.learning_rate, above=0)

    def as_dict(self):
        """A dict as JSON gives it back."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    def open(self, split, **place):
        """The data.Split of one split; ValueError where it has no labels."""
        options = {name: getattr(self, name) for name in ("image_size", "crop", "grayscale")}
        opened = data.Split(self.dataset, split, **options, **place)
        if opened.info.num_classes is None:
            raise ValueError(
                f"a classifier is trained on labels, and split {split!r} of {self.dataset} has "
                "none: name a set with labels, such as digits or mnist"
            )
        return opened


class _Progress(keras.callbacks.Callback):
    """Draws the bar: on a terminal as it goes, elsewhere ten lines."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps
        self.bar = ProgressBar(steps)

    def on_train_batch_end(self, batch, logs=None):
        step = batch + 1
        self.bar.tick(step)
        if self.bar.due() or step % max(1, self.steps // 10) == 0:
            self.bar.show(step, {name: float(value) for name, value in logs.items()})

    def on_train_end(self, logs=None):
        self.bar.close()


def _pairs(batches):
    return batches.map(lambda batch: (batch["image"], batch["label"]), tf.data.AUTOTUNE)


def _compiled(network, settings):
    schedule = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(schedule), loss, metrics=["accuracy"])
    return network


def fit(split, settings):
    """A ClassifierNetwork trained on a data.Split, not compiled.

    Raises:
      TrainError: its weights do not stay finite.
    """
    parts = {name: getattr(settings, name) for name in ("trunk", "width", "dense", "norm", "seed")}
    network = ClassifierNetwork(split.info.image_shape, split.info.num_classes, **parts)
    schedule = data.Schedule(settings.batch_size, shuffle=True, repeat=True, seed=settings.seed)
    noise = data.Noise(settings.binarize, augment=settings.augment)
    _compiled(network, settings).fit(
        _pairs(split.batches(noise, schedule)),
        steps_per_epoch=settings.steps,
        callbacks=[_Progress(settings.steps)],
        shuffle=False,  # The data are shuffled.
        verbose=0,
    )
    if not all(np.isfinite(weight).all() for weight in network.get_weights()):
        raise TrainError("the classifier's weights are not finite: lower --learning_rate")
    # Without the optimizer's moments a file has a third of the size.
    trained = ClassifierNetwork.from_config(network.get_config())
    trained.set_weights(network.get_weights())
    return trained


def accuracy(network, split, settings):
    """The share of a data.Split's images that are classified right: an Estimate without unit."""
    batches = split.batches(data.Noise(settings.binarize), data.Schedule(500, seed=settings.seed))
    predict = tf.function(lambda x: tf.argmax(network(x), axis=-1))
    right = [predict(batch["image"]) == batch["label"] for batch in batches]
    return Estimate.of_mean(np.concatenate(right), unit="")

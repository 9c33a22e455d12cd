"""Train a classifier and measure its accuracy.

The loss is the cross entropy -log softmax(logits)[label]. The optimizer is Adam; the learning rate
falls to 0 along a cosine.
"""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import keras
import numpy as np
import tensorflow as tf

from tfgvae import data
from tfgvae.estimators.estimate import Estimate
from tfgvae.layers.classifier import ClassifierNetwork
from train.errors import TrainError
from train.progress import ProgressBar


class _Progress(keras.callbacks.Callback):
    """Draws the progress bar: live on a terminal, elsewhere as ten lines."""

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
      TrainError: its weights are not finite.
    """
    parts = {name: getattr(settings, name) for name in ("trunk", "width", "dense", "norm", "seed")}
    network = ClassifierNetwork(split.info.image_shape, split.info.num_classes, **parts)
    schedule = data.Schedule(settings.batch_size, shuffle=True, repeat=True, seed=settings.seed)
    noise = data.Noise(settings.binarize, augment=settings.augment)
    _compiled(network, settings).fit(
        _pairs(split.batches(noise, schedule)),
        steps_per_epoch=settings.steps,
        callbacks=[_Progress(settings.steps)],
        shuffle=False,  # The data are shuffled already.
        verbose=0,
    )
    if not all(np.isfinite(weight).all() for weight in network.get_weights()):
        raise TrainError("the classifier's weights are not finite: lower --learning_rate")
    # Without the optimizer's moments the file has a third of the size.
    trained = ClassifierNetwork.from_config(network.get_config())
    trained.set_weights(network.get_weights())
    return trained


def accuracy(network, split, settings):
    """The share of a data.Split's images that are classified correctly: an Estimate, no unit."""
    batches = split.batches(data.Noise(settings.binarize), data.Schedule(500, seed=settings.seed))
    predict = tf.function(lambda x: tf.argmax(network(x), axis=-1))
    right = [predict(batch["image"]) == batch["label"] for batch in batches]
    return Estimate.of_mean(np.concatenate(right), unit="")

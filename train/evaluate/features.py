"""Features of a classifier of the data's labels, given or trained beside the evaluation."""

import pathlib

import keras
import numpy as np

from train.evaluate.section import NotApplicable
from train.evaluate.storage import digest


class Features:
    """The penultimate layer of a classifier, loaded or trained when it is first asked for.

    Args:
      classifier: a .keras file of train.classifier, or None to train one where there are labels.
      train: a function steps -> path of a trained .keras file; None where the data have no labels.
    """

    def __init__(self, classifier=None, train=None):
        self._train = train
        self._path = classifier and pathlib.Path(classifier)
        self._network = None
        # What a result depends on: the file's contents, or how it is trained.
        self.identity = digest(self._path) if self._path else "trained here"

    def network(self, steps):
        """The ClassifierNetwork.

        Raises:
          NotApplicable: none is given and the data have no labels to train one on.
        """
        if self._network is None:
            if self._path is None and self._train is None:
                raise NotApplicable(
                    "The data have no labels to train a classifier on, and none was given "
                    "(--classifier)."
                )
            path = self._path or self._train(steps)
            # Registers the class that the file names.
            import tfgvae.layers.classifier  # noqa: F401

            self._network = keras.models.load_model(path, compile=False)
        return self._network

    def of(self, images, steps):
        """Features float32 [N, D] of images [N, H, W, C]; pixels are clipped to [0, 1]."""
        network = self.network(steps)
        if tuple(network.image_shape) != tuple(images.shape[1:]):
            raise ValueError(
                f"the classifier takes images {tuple(network.image_shape)}, the model's are "
                f"{tuple(images.shape[1:])}"
            )
        return np.asarray(network.features(np.clip(images, 0.0, 1.0)))

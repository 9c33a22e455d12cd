"""Features of a classifier of the data's labels. It is given, or trained for the evaluation."""

import pathlib

import numpy as np

from tfgvae.estimators.features import classifier_features
from train.evaluate.section import NotApplicable
from train.files import digest


class Features:
    """The penultimate layer of a classifier, which is loaded or trained at the first use.

    Args:
      classifier: a .keras file of train.classifier, or None to train one.
      train: a function steps -> path of a trained .keras file; None if the data have no labels.
    """

    def __init__(self, classifier=None, train=None):
        self._train = train
        self._path = classifier and pathlib.Path(classifier)
        self._features = None
        # A stored result depends on this and on the training steps.
        self.identity = digest(self._path) if self._path else "trained here"

    def prepare(self, steps):
        """Load the classifier, or train it for `steps` steps.

        Raises:
          NotApplicable: none is given and the data have no labels to train one.
        """
        if self._features is None:
            if self._path is None and self._train is None:
                raise NotApplicable(
                    "No classifier was given (--classifier), and the data have no labels to train "
                    "one."
                )
            self._features = classifier_features(self._path or self._train(steps))

    def of(self, images):
        """Features float32 [N, D] of images [N, H, W, C]; pixels are clipped to [0, 1].

        Raises:
          ValueError: the classifier takes images of another shape.
        """
        return self._features(np.clip(images, 0.0, 1.0))

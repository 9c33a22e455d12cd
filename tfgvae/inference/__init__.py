"""q: inference distributions. One file and one line here for each."""

from tfgvae.inference.authors_ladder import AuthorsLadder
from tfgvae.inference.base import Inference
from tfgvae.inference.classifier import Classifier
from tfgvae.inference.flow import Flow
from tfgvae.inference.gaussian import Gaussian
from tfgvae.inference.ladder import Ladder
from tfgvae.inference.naive import Naive

INFERENCE = {
    "authors_ladder": AuthorsLadder,
    "classifier": Classifier,
    "flow": Flow,
    "gaussian": Gaussian,
    "ladder": Ladder,
    "naive": Naive,
}

__all__ = [
    "INFERENCE",
    "AuthorsLadder",
    "Classifier",
    "Flow",
    "Gaussian",
    "Inference",
    "Ladder",
    "Naive",
]

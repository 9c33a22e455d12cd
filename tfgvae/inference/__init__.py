"""q: inference distributions. One file a distribution, one line here."""

from tfgvae.inference.base import Inference
from tfgvae.inference.gaussian import Gaussian
from tfgvae.inference.ladder import Ladder

INFERENCE = {
    "gaussian": Gaussian,
    "ladder": Ladder,
}

__all__ = ["INFERENCE", "Gaussian", "Inference", "Ladder"]

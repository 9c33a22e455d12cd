"""R: what ties q(z) to p(z). One file a regularizer, one line here."""

from tfgvae.regularizers.base import Regularizer
from tfgvae.regularizers.kl import KL
from tfgvae.regularizers.none import NoRegularizer

REGULARIZERS = {
    "kl": KL,
    "none": NoRegularizer,
}

__all__ = ["KL", "REGULARIZERS", "NoRegularizer", "Regularizer"]

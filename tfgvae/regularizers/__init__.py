"""R: what ties q(z) to p(z). One file and one line here for each."""

from tfgvae.regularizers.adversarial import Adversarial
from tfgvae.regularizers.base import Regularizer
from tfgvae.regularizers.center import Center
from tfgvae.regularizers.kl import KL
from tfgvae.regularizers.mmd import MMD
from tfgvae.regularizers.moments import Moments
from tfgvae.regularizers.none import NoRegularizer
from tfgvae.regularizers.norm import Norm
from tfgvae.regularizers.stein import Stein

REGULARIZERS = {
    "adversarial": Adversarial,
    "center": Center,
    "kl": KL,
    "mmd": MMD,
    "moments": Moments,
    "none": NoRegularizer,
    "norm": Norm,
    "stein": Stein,
}

__all__ = [
    "KL",
    "MMD",
    "REGULARIZERS",
    "Adversarial",
    "Center",
    "Moments",
    "NoRegularizer",
    "Norm",
    "Regularizer",
    "Stein",
]

"""What a model maximises, given its four parts. One file for each, one line here."""

from tfgvae.objectives.base import Objective
from tfgvae.objectives.elbo import ELBO
from tfgvae.objectives.iwae import IWAE

OBJECTIVES = {
    "elbo": ELBO,
    "iwae": IWAE,
}

__all__ = ["ELBO", "IWAE", "OBJECTIVES", "Objective"]

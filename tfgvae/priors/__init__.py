"""p(z): the prior. One file for each prior, one line here."""

from tfgvae.priors.base import Prior
from tfgvae.priors.flow import Flow
from tfgvae.priors.inference import OfInference
from tfgvae.priors.mixture import Mixture
from tfgvae.priors.normal import Normal
from tfgvae.priors.vamp import Vamp

PRIORS = {
    "flow": Flow,
    "inference": OfInference,
    "mixture": Mixture,
    "normal": Normal,
    "vamp": Vamp,
}

__all__ = ["PRIORS", "Flow", "Mixture", "Normal", "OfInference", "Prior", "Vamp"]

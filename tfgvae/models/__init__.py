"""Models: each is one choice of P, f, q and R. One file per model, one line here."""

from tfgvae.models.base import LatentVariableModel
from tfgvae.models.gvae import GVAE
from tfgvae.models.infusion import Infusion
from tfgvae.models.marginal import Marginal
from tfgvae.models.seqvae import SeqVAE

MODELS = {
    "gvae": GVAE,
    "infusion": Infusion,
    "marginal": Marginal,
    "seqvae": SeqVAE,
}

__all__ = ["GVAE", "MODELS", "Infusion", "LatentVariableModel", "Marginal", "SeqVAE"]

"""The generalised VAE of Eq. 7: choose family, mapping, inference and regularizer by flags."""

from configs import base
from tfgvae.regularizers import REGULARIZERS


def get_config():
    """base, with MMD in the place of KL."""
    config = base.get_config()
    config.regularizer.name = "mmd" if "mmd" in REGULARIZERS else "kl"
    return config

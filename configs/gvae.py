"""The generalised VAE of Eq. 7: choose family, mapping, inference and regularizer by flags."""

from configs import base


def get_config():
    """base, with MMD instead of KL."""
    config = base.get_config()
    config.regularizer.name = "mmd"
    return config

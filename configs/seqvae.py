"""The sequential VAE of Section 3."""

from configs import base


def get_config():
    """base, with the chain."""
    config = base.get_config()
    config.model.name = "seqvae"
    return config

"""The VAE trained by the ELBO (Eq. 8)."""

from configs import base


def get_config():
    """base without changes: gvae with the KL regularizer."""
    return base.get_config()

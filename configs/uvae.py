"""The unregularised VAE of Section 4: R = 0. Its Gibbs samples are good, its ancestral ones not."""

from configs import base


def get_config():
    """base, with no regularizer."""
    config = base.get_config()
    config.regularizer.name = "none"
    return config

"""The unregularised VAE of Section 4: R = 0. Look at its Gibbs pictures, not at its ancestral."""

from configs import base


def get_config():
    """base, with no regularizer."""
    config = base.get_config()
    config.regularizer.name = "none"
    return config

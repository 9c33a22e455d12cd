"""The naive bound of Eq. 3: q(z|x) = p(z). It must collapse: every z decodes to the same image."""

from configs import base


def get_config():
    """base, with a q that ignores the image; R(q) = 0 for every R."""
    config = base.get_config()
    config.inference.name = "naive"
    config.regularizer.name = "none"
    return config

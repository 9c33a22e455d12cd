"""pixelvae with the settings of the authors' code: R = 0, two latents, a bounded q (Section 4).

Their q has the deviation max(sigmoid, 0.01), and their pictures show chains of 5 steps from uniform
noise. Their code has no MNIST; the data here are those of pixelvae. A q that forgets, for a chain
that arrives from anywhere: --config.corruption.name=pixels.
"""

from configs import pixelvae


def get_config():
    """pixelvae, without a regularizer."""
    config = pixelvae.get_config()
    config.regularizer.name = "none"
    config.regularizer.schedule = None
    config.regularizer.schedule_steps = None
    config.inference.deviation = "sigmoid"
    config.inference.min_stddev = 0.01
    config.model.latent_dim = 2
    config.pictures.gibbs_steps = 5
    return config

"""KL(q(z|x) || p(z)) latent dimension by latent dimension, for the logs and the bound."""

import tensorflow_probability as tfp

tfd = tfp.distributions


def kl_terms(q, prior):
    """KL of each latent dimension: [B, Z] or [B, T, Z] nats, for Independent Normals."""
    return tfd.kl_divergence(q.distribution, prior.distribution)

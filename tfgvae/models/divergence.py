"""KL(q(z|x) || p(z)) latent dimension by latent dimension, for the logs and the bound."""

import tensorflow_probability as tfp

tfd = tfp.distributions


def kl_terms(q, prior):
    """Terms that sum to the KL: [B, Z] or [B, T, Z] nats.

    For Independent Normals the KL of each latent dimension; for others what they give themselves.
    """
    if hasattr(q, "kl_terms"):
        return q.kl_terms(prior)
    return tfd.kl_divergence(q.distribution, prior.distribution)

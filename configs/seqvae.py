"""The sequential VAE of Section 3, sized for the embedded digits: two minutes on two cores.

The authors' weight 16 |x - mu|^2 on [-1, 1] is the scale 0.0884 here: 1 / (2 s^2) = 64. With few
latents per step, later steps have something to add and q(z) stays near the prior. With 16 latents
per step, reconstructions are good but samples are poor.
"""

from configs import base


def get_config():
    """base, with the chain."""
    config = base.get_config()
    config.model.name = "seqvae"
    config.model.num_steps = 4
    config.model.latent_dim = 4
    config.model.width = 16
    config.model.dense = (128,)
    # The best bound of all modes on the digits (docs/results/seqvae.md).
    config.model.training = "annealed"
    config.model.anneal_steps = 500.0
    config.model.step_prior = "conditional"
    config.family.name = "gaussian"
    config.family.scale = 0.12
    config.regularizer.schedule = "exponential"
    config.regularizer.schedule_steps = 200.0
    config.train.steps = 1400
    config.train.learning_rate = 2e-3
    config.train.schedule = "cosine"
    config.train.warmup_steps = 100
    config.train.checkpoint_every = 700
    return config

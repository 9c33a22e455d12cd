"""Figure 6: CIFAR-10, a conditional PixelCNN++ as P, 20 latents; R = KL against R = 0.

Samples of both samplers, and of the PixelCNN++ alone. During training: E KL(q(z|x) || p(z)) and the
nats per sub-pixel. `quick` has images of 16x16 pixels.
"""

from train.reproduce import figures_5_and_6, preference_figure
from train.reproduce.preference import Settings

SETTINGS = {
    "quick": Settings(
        {
            "data.image_size": 16,
            "family.dropout": 0.1,
            "train.ema_momentum": 0.99,
            "train.batch_size": 32,
            "train.steps": 2400,
            "train.schedule": "cosine",
            "train.checkpoint_every": 600,
            "data.test_split": "test[:1000]",
        },
        num_images=1000,
        num_samples=0,
        num_chains=25,
        chain_steps=(1, 5),
        variants=("kl", "none", "alone"),
    ),
    "paper": Settings(
        {
            "family.num_blocks": 5,
            "family.filters": 120,
            "family.num_mixtures": 8,
            "family.dropout": 0.5,
            "train.ema_momentum": 0.9995,
            "train.batch_size": 64,
            "train.steps": 200000,
            "train.checkpoint_every": 10000,
            "train.eval_images": 1000,
        },
        num_images=1000,
        num_samples=0,
        num_chains=64,
        chain_steps=(1, 5, 20),
        variants=("kl", "none", "alone"),
    ),
}
CURVES = (
    ("kl", "E KL(q(z|x) || p(z)), nats"),
    ("nll_per_sub_pixel", "-log p(x|z), nats per sub-pixel"),
)


def claims(curves, found):
    """Claims about the curves and the code lengths. The samples are for the eye."""
    return [
        preference_figure.divergence_claim(curves),
        preference_figure.likelihood_claim(curves),
        preference_figure.code_length_claim(found["bits_per_sub_pixel"]),
    ]


def run(context, settings):
    """Train, measure, draw, write figure6.*."""
    figures_5_and_6.run(context, "figure6", "pixelvae_pp", settings, CURVES, claims)

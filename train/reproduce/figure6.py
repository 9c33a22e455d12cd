"""Figure 6: CIFAR-10, a conditional PixelCNN++ as P, 20 latents; R = KL against R = 0.

Samples of both samplers. During training: E KL(q(z|x) || p(z)) and the nats per sub-pixel.
"""

from train.reproduce import figures_5_and_6, preference_figure
from train.reproduce.preference import Settings

SETTINGS = {
    "quick": Settings(
        {
            "train.steps": 320,
            "train.warmup_steps": 50,
            "train.checkpoint_every": 80,
            "data.test_split": "test[:480]",
        },
        num_images=480,
        num_samples=0,
        num_chains=25,
        chain_steps=(1, 5),
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
    ),
}
CURVES = (
    ("kl", "E KL(q(z|x) || p(z)), nats"),
    ("nll_per_sub_pixel", "-log p(x|z), nats per sub-pixel"),
)


def claims(curves, found):
    """Claims about the curves. The samples are for the eye."""
    return [
        preference_figure.divergence_claim(curves),
        preference_figure.likelihood_claim(curves),
    ]


def run(context, settings):
    """Train, measure, draw, write figure6.*."""
    figures_5_and_6.run(context, "figure6", "pixelvae_pp", settings, CURVES, claims)

"""Figure 5: MNIST, a conditional PixelCNN as P, 20 latents; R = KL, R = 0, R = 0 with corruption.

Samples of both samplers. During training: the mutual information of A.3 with both bounds and its
cap log M, and the nats per sub-pixel.
"""

from train.reproduce import figures_5_and_6, preference_figure
from train.reproduce.preference import Settings

SETTINGS = {
    "quick": Settings(
        {
            "mapping.width": 16,
            "family.num_blocks": 3,
            "train.steps": 1500,
            "train.checkpoint_every": 500,
            "train.eval_images": 500,
        },
        num_images=10000,
        num_samples=400,
        num_chains=64,
        chain_steps=(1, 5, 20, 100),
        variants=("kl", "none", "corrupted"),
        longest={"kl": 5, "none": 20},
    ),
    "paper": Settings(
        {
            "family.filters": 64,
            "family.num_blocks": 8,
            "train.steps": 60000,
            "train.batch_size": 100,
            "train.checkpoint_every": 3000,
        },
        num_images=10000,
        num_samples=10000,
        num_chains=100,
        chain_steps=(1, 5, 20, 100),
        variants=("kl", "none", "corrupted"),
    ),
}
CURVES = (
    ("mutual_information", "I(x;z), nats"),
    ("nll_per_sub_pixel", "-log p(x|z), nats per sub-pixel"),
)


def run(context, settings):
    """Train, measure, draw, write figure5.*."""

    def claims(curves, found):
        distances = found["frechet_distance"]
        return [
            preference_figure.information_claim(curves),
            preference_figure.likelihood_claim(curves),
            *preference_figure.sampler_claims(distances, settings),
            *preference_figure.corrupted_claims(found["mutual_information"], distances, settings),
        ]

    figures_5_and_6.run(context, "figure5", "pixelvae", settings, CURVES, claims)

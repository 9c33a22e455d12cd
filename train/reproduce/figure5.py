"""Figure 5: MNIST, a conditional PixelCNN as P, 20 latents; R = KL against R = 0.

Samples of both samplers; over training, the mutual information of A.3 with both bounds and its cap
log M, and the nats a sub-pixel.
"""

from train.reproduce import preference, preference_figure
from train.reproduce.preference import Settings
from train.reproduce.results import write

SETTINGS = {
    "quick": Settings(
        {
            "mapping.width": 16,
            "train.steps": 1600,
            "train.checkpoint_every": 200,
            "train.eval_images": 500,
        },
        num_images=10000,
        num_samples=512,
        num_chains=64,
        chain_steps=(1, 5, 20),
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
    ),
}
CURVES = (
    ("mutual_information", "I(x;z), nats"),
    ("nll_per_sub_pixel", "-log p(x|z), nats a sub-pixel"),
)


def run(context, settings):
    """Train, measure, draw, write figure5.*."""
    folders = preference.train(context, "figure5", "pixelvae", settings)
    curves = {
        name: preference.over_training(context, folder, name, settings)
        for name, folder in folders.items()
    }
    drawn = {name: preference.samples(context, path, settings) for name, path in folders.items()}
    found = {
        name: preference.distances(context, folder, drawn[name], settings)
        for name, folder in folders.items()
    }
    claims = [
        preference_figure.information_claim(curves),
        preference_figure.likelihood_claim(curves),
        *preference_figure.sampler_claims(found, settings),
    ]
    rows = [row for name in curves for row in curves[name]]
    figure = preference_figure.draw(curves, drawn, settings, CURVES)
    write(context, "figure5", figure, settings, rows, claims, {"frechet_distance": found})

"""The drawing that Figures 5 and 6 share: grids of both samplers, curves over training."""

import matplotlib.pyplot as plt

from train.reproduce.preference import REGULARIZERS, square
from train.reproduce.results import Claim, show_grid

TITLES = {"kl": "R = KL (the ELBO)", "none": "R = 0"}


def _curve(panel, rows, name, label, **style):
    """One curve with its error bars, where there are any."""
    values = [row[name] for row in rows]
    steps = [row["step"] for row in rows]
    errors = [getattr(value, "standard_error", 0.0) for value in values]
    values = [getattr(value, "value", value) for value in values]
    panel.errorbar(steps, values, errors, label=label, marker=".", capsize=2, **style)


def draw(curves, drawn, settings, names):
    """The figure.

    Args:
      curves: {regularizer: rows of preference.over_training}.
      drawn: {regularizer: {sampler: images}} of preference.samples.
      settings: the experiment's.
      names: [(column of the rows, the axis' label)], a panel each.
    """
    figure = plt.figure(figsize=(12, 7.5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.35, 1])
    grids = left.subplots(2, 2)
    last = f"chain {settings.chain_steps[-1]}"
    for line, regularizer in zip(grids, REGULARIZERS, strict=True):
        for panel, sampler in zip(line, ("ancestral", last), strict=True):
            title = f"{TITLES[regularizer]}: {sampler}" + " steps" * (sampler == last)
            images = drawn[regularizer][sampler]
            show_grid(panel, square(images, settings.num_chains), title)
    panels = right.subplots(len(names), 1, sharex=True)
    for panel, (name, label) in zip(panels, names, strict=True):
        for regularizer, rows in curves.items():
            _curve(panel, rows, name, TITLES[regularizer])
            if name == "mutual_information":
                _information(panel, rows)
        panel.set(ylabel=label)
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    panels[-1].set_xlabel("training step")
    return figure


def _information(panel, rows):
    """Both bounds as a band, and the cap: no estimate of A.3 is above it."""
    steps = [row["step"] for row in rows]
    panel.fill_between(
        steps,
        [row["mutual_information_lower"].value for row in rows],
        [row["mutual_information_upper"].value for row in rows],
        alpha=0.2,
    )
    panel.axhline(rows[0]["cap"], color="grey", linestyle="--")
    panel.annotate(
        f"log M = {rows[0]['cap']:.2f}: no estimate is above it",
        (steps[0], rows[0]["cap"]),
        xytext=(0, -11),
        textcoords="offset points",
        fontsize=8,
    )


def information_claim(curves):
    """I(x;z) after training, R = 0 above R = KL."""
    kl, none = (curves[regularizer][-1] for regularizer in REGULARIZERS)
    low, high = none["mutual_information_lower"], kl["mutual_information_upper"]
    return Claim(
        "without a regularizer the code keeps more about x than with the KL",
        f"I(x;z) at the end, R = 0: {low} .. {none['mutual_information_upper']}; "
        f"R = KL: {kl['mutual_information_lower']} .. {high}; cap log M = {none['cap']:.2f}",
        low.value > high.value,
    )


def divergence_claim(curves):
    """E KL(q(z|x) || p(z)) after training, R = 0 above R = KL."""
    kl, none = (curves[regularizer][-1]["kl"] for regularizer in REGULARIZERS)
    return Claim(
        "without a regularizer q(z|x) leaves the prior",
        f"E KL(q(z|x) || p(z)) at the end, R = 0: {none}; R = KL: {kl}",
        none.value > kl.value,
    )


def likelihood_claim(curves):
    """-log p(x|z) after training, R = 0 below R = KL."""
    kl, none = (curves[regularizer][-1]["nll_per_pixel"] for regularizer in REGULARIZERS)
    return Claim(
        "without a regularizer -log p(x|z) is lower: P uses the code",
        f"nats a pixel at the end, R = 0: {none:.4f}; R = KL: {kl:.4f}",
        none < kl,
    )


def sampler_claims(found):
    """Which sampler is right, by the Frechet distances {regularizer: {sampler: Estimate}}."""
    best = {}
    for regularizer in REGULARIZERS:
        chains = {k: v for k, v in found[regularizer].items() if k != "ancestral"}
        best[regularizer] = min(chains.items(), key=lambda item: item[1].value)
    kl, none = (found[regularizer]["ancestral"] for regularizer in REGULARIZERS)
    told = {k: ", ".join(f"{s} {e}" for s, e in found[k].items()) for k in REGULARIZERS}
    steps, chain = best["none"]
    return [
        Claim(
            "R = 0: ancestral samples fail, the chain's do not",
            f"Frechet distance to test images: {told['none']}; the chain's best is {steps}",
            chain.value < none.value,
        ),
        Claim(
            "R = KL: ancestral samples are right",
            f"Frechet distance to test images: {told['kl']}",
            kl.value < none.value,
        ),
    ]

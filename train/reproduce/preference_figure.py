"""The drawing that Figures 5 and 6 share: grids of both samplers, curves over training."""

import matplotlib.pyplot as plt

from train.reproduce.preference import FITTED, sampler, square, told
from train.reproduce.results import Claim, show_grid

TITLES = {
    "kl": "R = KL (the ELBO)",
    "none": "R = 0",
    "corrupted": "R = 0, corrupted q",
    "alone": "P alone, no latents",
}
BOTH = ("kl", "none")


def _curve(panel, rows, name, label, **style):
    """One curve, with error bars if it has any."""
    values = [row[name] for row in rows]
    steps = [row["step"] for row in rows]
    errors = [getattr(value, "standard_error", 0.0) for value in values]
    values = [getattr(value, "value", value) for value in values]
    panel.errorbar(steps, values, errors, label=label, marker=".", capsize=2, **style)


def draw(curves, drawn, settings, names):
    """The figure.

    Args:
      curves: {variant: rows of preference.over_training}.
      drawn: {variant: {sampler: images}} of preference.samples.
      settings: the experiment's.
      names: [(column of the rows, the axis' label)], one for each panel.
    """
    columns = 4 if "corrupted" in drawn else 3
    rows = len(settings.variants)
    figure = plt.figure(figsize=(5 * columns, 3.75 * rows), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[columns, 1.5])
    for line, variant in zip(left.subplots(rows, columns), settings.variants, strict=True):
        last = settings.lengths(variant)[-1]
        shown = ("ancestral", sampler(last, "noise"), sampler(last, "data"), FITTED)[:columns]
        for panel, name in zip(line, shown, strict=True):
            if name in drawn[variant]:
                images = square(drawn[variant][name], settings.num_chains)
                show_grid(panel, images, f"{TITLES[variant]}: {name}")
            else:
                panel.axis("off")
    panels = right.subplots(len(names), 1, sharex=True)
    for panel, (name, label) in zip(panels, names, strict=True):
        for variant, rows in curves.items():
            if name not in rows[-1]:
                continue
            _curve(panel, rows, name, TITLES[variant])
            if name == "mutual_information":
                _band(panel, rows)
        if name == "mutual_information":
            _cap(panel, next(iter(curves.values())))
        panel.set(ylabel=label)
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    panels[-1].set_xlabel("training step")
    return figure


def _band(panel, rows):
    """Shade the area between both bounds on I(x;z)."""
    upper = [row["mutual_information_upper"].value for row in rows]
    lower = [row["mutual_information_lower"].value for row in rows]
    panel.fill_between([row["step"] for row in rows], lower, upper, alpha=0.2)


def _cap(panel, rows):
    """Draw log M, the cap of the estimate of A.3. An upper bound far above it is cut off."""
    step, cap = rows[0]["step"], rows[0]["cap"]
    panel.axhline(cap, color="grey", linestyle="--")
    said = f"log M = {cap:.2f}: the estimate's cap"
    panel.annotate(said, (step, cap), (0, 4), textcoords="offset points", fontsize=8)
    panel.set_ylim(0, 2 * cap)


def information_claim(curves):
    """After training, I(x;z) is higher with R = 0 than with R = KL."""
    kl, none = (curves[variant][-1] for variant in BOTH)
    low = none["mutual_information_lower"]
    high = kl["mutual_information_upper"]
    return Claim(
        "without a regularizer the code keeps more about x than with the KL",
        f"I(x;z) at the end: with R = 0 at least {low.value:.2f} (the cap log M is "
        f"{none['cap']:.2f}); with R = KL at least {kl['mutual_information_lower'].value:.2f}, at "
        f"most {high.value:.2f} +- {high.standard_error:.2f} nats",
        low.value > high.value,
    )


def divergence_claim(curves):
    """After training, E KL(q(z|x) || p(z)) is higher with R = 0 than with R = KL."""
    kl, none = (curves[variant][-1]["kl"] for variant in BOTH)
    return Claim(
        "without a regularizer q(z|x) leaves the prior",
        f"E KL(q(z|x) || p(z)) at the end, R = 0: {none}; R = KL: {kl}",
        none.value > kl.value,
    )


def likelihood_claim(curves):
    """After training, -log p(x|z) is lower with R = 0 than with R = KL."""
    kl, none = (curves[variant][-1]["nll_per_sub_pixel"] for variant in BOTH)
    return Claim(
        "without a regularizer -log p(x|z) is lower: P uses the code",
        f"nats per sub-pixel at the end, R = 0: {none:.4f}; R = KL: {kl:.4f}",
        none < kl,
    )


def code_length_claim(found):
    """R = KL describes the images as shortly as P alone, by {variant: Estimate} in bits."""
    bits = told({TITLES[variant]: value for variant, value in found.items()})
    return Claim(
        "with the KL the model describes images at least as shortly as P alone",
        f"bits per sub-pixel of test images, at most: {bits}",
        found["kl"].value <= found["alone"].value,
    )


def sampler_claims(found, settings):
    """Which sampler is correct, by Frechet distances {variant: {sampler: Estimate}}."""
    lines = {k: told(found[k]) for k in BOTH}
    kl, none = (found[variant] for variant in BOTH)
    last = settings.lengths("none")[-1]

    def beats(start):
        return none[sampler(last, start)].value < none["ancestral"].value

    return [
        Claim(
            "R = KL: ancestral samples are right",
            f"Frechet distance to test images: {lines['kl']}; with R = 0, ancestral "
            f"{none['ancestral']}",
            kl["ancestral"].value < none["ancestral"].value,
        ),
        Claim(
            "R = 0: ancestral samples fail, those of the chain do not",
            f"Frechet distance to test images: {lines['none']}",
            beats("noise") and beats("data"),
        ),
    ]


def corrupted_claims(information, found, settings):
    """With a corrupted q, R = 0 keeps the paper's promise: the chain samples from any start.

    Args:
      information: {variant: MutualInformation} at the end.
      found: Frechet distances {variant: {sampler: Estimate}}.
      settings: the experiment's.
    """
    kl, own = found["kl"]["ancestral"].value, found["corrupted"]
    steps = [n for n in settings.lengths("corrupted") if n >= 5]
    worst = max(own[sampler(n, start)].value for n in steps for start in ("noise", "data"))
    low, high = information["corrupted"].lower, information["kl"].least_upper
    return [
        Claim(
            "R = 0 with a corrupted q: the chain samples the data, from noise as from data",
            f"Frechet distance to test images: {told(own)}; the largest after 5 steps or more is "
            f"{worst / kl:.2f} times that of the ancestral samples with R = KL",
            worst <= 1.5 * kl,
        ),
        Claim(
            "its code keeps more about x than with the KL",
            f"I(x;z) at least {low.value:.2f} +- {low.standard_error:.2f}, with R = KL at most "
            f"{high.value:.2f} +- {high.standard_error:.2f} nats",
            low.value > high.value,
        ),
        Claim(
            "its ancestral samples fail, and are right with a prior fitted to the codes",
            f"Frechet distance {own['ancestral']} and {own[FITTED]}",
            own["ancestral"].value > 40 and own[FITTED].value < 15,
        ),
    ]

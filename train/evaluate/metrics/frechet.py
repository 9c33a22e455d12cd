"""Frechet and kernel distances between samples and data, in a classifier's features."""

from tfgvae.estimators.frechet import frechet_distance, kernel_distance
from train.evaluate.section import Section

DISTANCES = {
    "frechet": (frechet_distance, "Frechet distance (as FID, in a classifier's features)"),
    "kernel": (kernel_distance, "Kernel distance (as KID, unbiased)"),
}
KINDS = {
    "ancestral": "of ancestral samples from the test images",
    "gibbs": "of Gibbs samples from the test images",
    "more data": "of other test images: the value of a perfect model",
}


def frechet(context):
    """How far samples are from the data, in a classifier's features (0: the same distribution)."""
    data = context.features("data")
    section = Section()
    for kind, of in KINDS.items():
        if kind == "more data" and not context.has_more_data:
            continue
        features = context.features(kind)
        for name, (distance, meaning) in DISTANCES.items():
            estimate = distance(data, features, seed=context.seed_of(f"{name}/{kind}"))
            section.add(f"{name}_{kind.replace(' ', '_')}", estimate, f"{meaning}, {of}.")
    section.sentences.append(_sentence(section.numbers))
    section.notes.append(
        "The Frechet distance of two finite sets is biased upwards, more so with fewer images. "
        "Compare only values with equal numbers of images and the same classifier."
    )
    return section


def _sentence(numbers):
    """Which way of sampling is nearer to the data, if the difference is not chance."""
    values = {kind: numbers[f"kernel_{kind}"].estimate for kind in ("ancestral", "gibbs")}
    gap = values["ancestral"].value - values["gibbs"].value
    error = sum(each.standard_error**2 for each in values.values()) ** 0.5
    near, far = ("Gibbs", "ancestral") if gap > 0 else ("ancestral", "Gibbs")
    shown = {kind: f"{each.value:.3g}" for kind, each in values.items()}
    both = f"kernel distance {shown['gibbs']} for Gibbs, {shown['ancestral']} for ancestral samples"
    if abs(gap) > 2 * error:
        return f"To a classifier, {near} samples look more like the data than {far} ones ({both})."
    return f"To a classifier, Gibbs and ancestral samples are equally far from the data ({both})."

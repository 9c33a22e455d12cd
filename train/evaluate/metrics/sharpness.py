"""Compare the sharpness of samples and data."""

from tfgvae.estimators.sharpness import sharpness as estimator
from train.evaluate.section import Section

STATISTICS = {
    "laplacian_variance": "Variance of the Laplacian: low for a blurred image",
    "top_octave_power": "Power in the highest octave of frequencies",
    "top_octave_share": "Its share of all power",
}
KINDS = {
    "data": "of the test images",
    "ancestral": "of ancestral samples",
    "gibbs": "of Gibbs samples",
}


def sharpness(context):
    """Whether samples have as much fine detail as the data."""
    found = {
        kind: estimator(context.images() if kind == "data" else context.samples(kind))
        for kind in KINDS
    }
    section = Section()
    for statistic, meaning in STATISTICS.items():
        for kind, of in KINDS.items():
            estimate = getattr(found[kind], statistic)
            section.add(f"{statistic}_{kind}", estimate, f"{meaning}, {of}.")
    data = found["data"].laplacian_variance.value
    ratios = {}
    for kind in ("ancestral", "gibbs"):
        if data > 0:
            ratios[kind] = found[kind].laplacian_variance.value / data
    if ratios:
        section.sentences.append(_sentence(ratios))
    section.notes.append(
        "Noise raises these numbers as detail does. Good values are near the data's, not large."
    )
    return section


def _sentence(ratios):
    said = " and ".join(f"{100 * v:.0f} % ({k})" for k, v in ratios.items())
    verdict = (
        "blurred"
        if max(ratios.values()) < 0.8
        else "noisier"
        if min(ratios.values()) > 1.25
        else ""
    )
    said = f"Samples have {said} of the data's fine detail (variance of the Laplacian)"
    return f"{said}: they are {verdict}." if verdict else f"{said}."

"""Precision and recall of samples, in a classifier's features."""

from tfgvae.estimators.precision_recall import precision_recall as estimator
from train.evaluate.section import Section

KINDS = {
    "ancestral": "ancestral samples",
    "gibbs": "Gibbs samples",
    "more data": "other test images",
}


def precision_recall(context):
    """The share of samples that look like data, and the share of the data that samples cover."""
    data = context.features("data")
    section = Section()
    for kind, of in KINDS.items():
        if kind == "more data" and not context.has_more_data:
            continue
        found = estimator(data, context.features(kind))
        name = kind.replace(" ", "_")
        section.add(
            f"precision_{name}", found.precision, f"Share of {of} that look like test images."
        )
        section.add(f"recall_{name}", found.recall, f"Share of test images with {of} near them.")
    shares = {name: number.estimate.value for name, number in section.numbers.items()}
    section.sentences.append(
        f"{100 * shares['precision_ancestral']:.0f} % of ancestral and "
        f"{100 * shares['precision_gibbs']:.0f} % of Gibbs samples look like data to a classifier. "
        f"They cover {100 * shares['recall_ancestral']:.0f} % and "
        f"{100 * shares['recall_gibbs']:.0f} % of the data"
        + (
            f" (other test images: {100 * shares['precision_more_data']:.0f} % and "
            f"{100 * shares['recall_more_data']:.0f} %)."
            if "recall_more_data" in shares
            else "."
        )
    )
    section.notes.append(
        "Near means not farther than the third nearest neighbour. Both shares depend on the number "
        "of images."
    )
    return section

"""What differs between entries: fields of configurations, and numbers with their errors.

    error(a - b)^2 = error(a)^2 + error(b)^2

This holds for independent errors. Two runs that are evaluated on the same images have errors of one
sign, and the error of their difference is smaller than this.
"""

import math

from tfgvae.estimators.estimate import Estimate
from tfgvae.families import FAMILIES

# Fields that change what a likelihood is a likelihood of.
DATA = ("name", "test_split", "image_size", "crop", "grayscale", "binarize", "dequantize")


def fields(entries):
    """{key: [value for each entry]} of the fields in which the configurations differ."""
    keys = sorted(set().union(*(entry.config for entry in entries)))
    values = {key: [entry.config.get(key) for entry in entries] for key in keys}
    return {key: found for key, found in values.items() if any(v != found[0] for v in found[1:])}


def numbers(entries):
    """The names of all numbers, those of the first entries first."""
    return list(dict.fromkeys(name for entry in entries for name in entry.numbers))


def difference(estimate, reference):
    """estimate - reference, as an Estimate; its error is NaN if one of them is unknown."""
    error = math.hypot(estimate.standard_error, reference.standard_error)
    return Estimate(estimate.value - reference.value, error, unit=estimate.unit)


def to_first(entries, name):
    """The differences of a number to that of the first entry: an Estimate or None for each."""
    first = entries[0].numbers.get(name)
    found = [None]
    for entry in entries[1:]:
        own = entry.numbers.get(name)
        found.append(own and first and difference(own.estimate, first.estimate))
    return found


def _kind(family):
    """What a family gives the likelihood of: "binary" pixels, "levels", or a "density"."""
    if family in ("bernoulli", "pixelcnn"):  # With binary pixels; data.binarize is compared, too.
        return "binary"
    found = FAMILIES.get(family)
    return family if found is None else ("levels" if found.discrete else "density")


def warnings(entries):
    """Sentences about what keeps the numbers from being compared."""
    found = []
    for name in DATA:
        values = [entry.config.get(f"data.{name}") for entry in entries]
        if any(value != values[0] for value in values):
            found.append(
                f"data.{name} differs: likelihoods and errors are about other images, and are not "
                "comparable."
            )
    families = sorted({str(entry.config.get("family.name")) for entry in entries})
    if len({_kind(name) for name in families}) > 1:
        found.append(
            f"The families differ ({', '.join(families)}): a density and a probability of pixels, "
            "or probabilities of other pixels, are not comparable."
        )
    given = [entry.settings for entry in entries if entry.settings]
    shared = set.intersection(*map(set, given)) if given else set()
    changed = sorted(k for k in shared if any(s[k] != given[0][k] for s in given))
    if changed:
        found.append(f"The evaluations have other sizes: {', '.join(changed)}.")
    return found + [note for entry in entries for note in entry.notes]

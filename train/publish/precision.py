"""Whether weights may be stored in fewer bits: if the headline metric stays within its error."""

import pathlib
import tempfile

from tfgvae.zoo import arrays, stored
from train.evaluate.metrics import METRICS
from train.evaluate.opening import open_evaluation
from train.evaluate.settings import SIZES

MOST = 0.1  # standard errors


def rounded(weights, dtype):
    """Weights as they come back from a file whose floating numbers are `dtype`: {name: array}."""
    return {
        name: stored.narrowed(array, dtype).astype(array.dtype) for name, array in weights.items()
    }


def change(opened, report, chosen, weights, dtype, workdir, say):
    """By how many standard errors the headline changes when the weights are rounded.

    The model of `opened` has the rounded weights afterwards.

    Args:
      opened: train.opened.Opened of the run.
      report: the results of train.evaluate.
      chosen: the name of the headline, "METRIC.NUMBER".
      weights: those of the model, {name: array}.
      dtype: a type of stored.narrowed.
      workdir: the run folder.
      say: called with each line for the user.

    Returns:
      A number >= 0; None if the headline has no standard error.
    """
    metric, _, key = chosen.partition(".")
    entry = report["metrics"][metric]
    number = entry["numbers"][key]
    if not number["standard_error"]:
        return None
    arrays.fill(opened.model, lambda _: rounded(weights, dtype))
    say(f"Measuring {chosen} with weights of {dtype}.")
    value = _measured(opened, entry["settings"], report, metric, key, workdir)
    return abs(value - number["value"]) / number["standard_error"]


def _measured(opened, settings, report, metric, key, workdir):
    """The number measured again with the same settings and the same seeds."""
    sizes = {name: value for name, value in report["settings"].items() if name in SIZES}
    sizes |= {name: value for name, value in settings.items() if name in SIZES}
    classifier = pathlib.Path(workdir) / "evaluation" / "classifier.keras"
    with tempfile.TemporaryDirectory() as folder:
        context, _, _ = open_evaluation(
            opened,
            pathlib.Path(folder),
            str(classifier) if "classifier" in settings and classifier.exists() else None,
            settings.get("mean", report["settings"]["mean"]),
            report["seed"],
            sizes,
            lambda line: None,
        )
        return METRICS[metric](context).numbers[key].estimate.value

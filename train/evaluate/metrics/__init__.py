"""Metrics of an evaluation: a function of a Context that gives a Section. One line each here.

A metric that has no meaning for a model raises NotApplicable with a sentence that says why.
"""

from train.evaluate.metrics.log_likelihood import log_likelihood
from train.evaluate.metrics.reconstruction import reconstruction
from train.evaluate.metrics.samples import samples

METRICS = {
    "samples": samples,
    "reconstruction": reconstruction,
    "log_likelihood": log_likelihood,
}


def meaning(name):
    """What a metric says, in one sentence: the first line of its docstring."""
    return METRICS[name].__doc__.splitlines()[0]

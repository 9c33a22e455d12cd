"""Metrics of an evaluation: functions that take a Context and return a Section.

A metric that has no meaning for a model raises NotApplicable with a sentence that gives the reason.
"""

from train.evaluate.metrics.active_units import active_units
from train.evaluate.metrics.aggregate_posterior import aggregate_posterior
from train.evaluate.metrics.annealed_importance import annealed_importance
from train.evaluate.metrics.by_step import by_step
from train.evaluate.metrics.chain import chain
from train.evaluate.metrics.fitted_prior import fitted_prior
from train.evaluate.metrics.frechet import frechet
from train.evaluate.metrics.interpolation import interpolation
from train.evaluate.metrics.log_likelihood import log_likelihood
from train.evaluate.metrics.mutual_information import mutual_information
from train.evaluate.metrics.posterior_variance import posterior_variance
from train.evaluate.metrics.precision_recall import precision_recall
from train.evaluate.metrics.reconstruction import reconstruction
from train.evaluate.metrics.samples import samples
from train.evaluate.metrics.sharpness import sharpness

METRICS = {
    "samples": samples,
    "reconstruction": reconstruction,
    "interpolation": interpolation,
    "log_likelihood": log_likelihood,
    "annealed_importance": annealed_importance,
    "mutual_information": mutual_information,
    "active_units": active_units,
    "posterior_variance": posterior_variance,
    "aggregate_posterior": aggregate_posterior,
    "fitted_prior": fitted_prior,
    "sharpness": sharpness,
    "by_step": by_step,
    "frechet": frechet,
    "precision_recall": precision_recall,
    "chain": chain,
}


def meaning(name):
    """The meaning of a metric in one sentence: the first line of its docstring."""
    return METRICS[name].__doc__.splitlines()[0]

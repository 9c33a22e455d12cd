"""Estimators of the properties of a trained model, with assumptions and standard errors.

Each is a function here: `tfgvae.estimators.active_units(model, images)`. Some have the name of the
module that defines them. After the imports below, such a name is the function, not the module. A
later `from tfgvae.estimators.active_units import active_units` still works: Python finds the module
by its full name.
"""

from tfgvae.estimators.active_units import active_units
from tfgvae.estimators.aggregate_posterior import aggregate_posterior
from tfgvae.estimators.annealed_importance import annealed_importance, bdmc
from tfgvae.estimators.chains.diagnostics import compare_starts, diagnose, mixing
from tfgvae.estimators.chains.running import run_chains
from tfgvae.estimators.estimate import Estimate
from tfgvae.estimators.features import classifier_features, inception_features
from tfgvae.estimators.frechet import frechet_distance, kernel_distance
from tfgvae.estimators.log_likelihood import importance_weighted
from tfgvae.estimators.mutual_information import mutual_information
from tfgvae.estimators.posterior_variance import posterior_variance
from tfgvae.estimators.precision_recall import precision_recall
from tfgvae.estimators.sharpness import sharpness

# The name of its module and of its metric in train.evaluate.
log_likelihood = importance_weighted

__all__ = [
    "Estimate",
    "active_units",
    "aggregate_posterior",
    "annealed_importance",
    "bdmc",
    "classifier_features",
    "compare_starts",
    "diagnose",
    "frechet_distance",
    "importance_weighted",
    "inception_features",
    "kernel_distance",
    "log_likelihood",
    "mixing",
    "mutual_information",
    "posterior_variance",
    "precision_recall",
    "run_chains",
    "sharpness",
]

"""Every component that has a file is in its folder's table, and so in the list of the suites."""

import importlib
import inspect
import pkgutil

import pytest

from tests.conformance import components
from tfgvae import corruptions, families, inference, mappings, models, priors, regularizers

FOLDERS = {
    "FAMILIES": (families, families.Family),
    "MAPPINGS": (mappings, mappings.Mapping),
    "INFERENCE": (inference, inference.Inference),
    "MODELS": (models, models.LatentVariableModel),
    "CORRUPTIONS": (corruptions, corruptions.Corruption),
    "PRIORS": (priors, priors.Prior),
    "REGULARIZERS": (regularizers, regularizers.Regularizer),
}
# A step of a chain takes x(t-1), so one-step models cannot use it; the last class is abstract.
PARTS = {"Transition", "AuthorsTransition", "Autoregressive"}


def defined(folder, base):
    """Names of the public subclasses of `base` that the modules of a folder define."""
    for found in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{folder.__name__}.{found.name}")
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__ and issubclass(cls, base) and cls is not base:
                yield name


@pytest.mark.parametrize("table", FOLDERS)
def test_every_component_is_registered(table):
    folder, base = FOLDERS[table]
    registered = {cls.__name__ for cls in getattr(folder, table).values()}
    assert set(defined(folder, base)) - PARTS == registered


@pytest.mark.parametrize("table", FOLDERS)
def test_keys_of_the_list_are_names_of_the_table(table):
    folder, _ = FOLDERS[table]
    keys = getattr(components, table)
    assert {key.split("-")[0] for key in keys} == set(getattr(folder, table))

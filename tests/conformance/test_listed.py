"""Every registered component is in the list of the conformance suites."""

import components
import pytest

from tfgvae import families, inference, mappings, models

TABLES = {
    "FAMILIES": families.FAMILIES,
    "MAPPINGS": mappings.MAPPINGS,
    "INFERENCE": inference.INFERENCE,
    "MODELS": models.MODELS,
}


@pytest.mark.parametrize("table", TABLES)
def test_every_registered_name_is_listed(table):
    listed = {key.split("-")[0] for key in getattr(components, table)}
    assert listed == set(TABLES[table])

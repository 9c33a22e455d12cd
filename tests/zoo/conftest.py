"""Fixtures of the tests of presets."""

import pytest

from tests.zoo.tiny_presets import evaluated_run, published


@pytest.fixture(scope="session")
def workdir(tmp_path_factory):
    """An evaluated run of a tiny model."""
    return evaluated_run(tmp_path_factory.mktemp("runs") / "tiny-digits")


@pytest.fixture(scope="session")
def preset(workdir, tmp_path_factory):
    """A preset of that run."""
    return published(workdir, tmp_path_factory.mktemp("presets"))

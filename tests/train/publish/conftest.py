"""The fixtures of the tests of presets."""

from tests.zoo.conftest import preset, workdir  # noqa: F401

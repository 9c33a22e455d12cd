"""Every R in REGULARIZERS: its constructor and its configuration."""

import inspect
import json

import pytest

from tests.regularizers.cases import CASES, build, every
from tfgvae.registry import arguments, make
from tfgvae.regularizers import REGULARIZERS


def test_every_case_is_registered():
    assert set(CASES) == set(REGULARIZERS)


@every
def test_constructor_arguments_are_typed_and_have_defaults(name):
    parameters = inspect.signature(REGULARIZERS[name].__init__).parameters.values()
    for p in parameters:
        assert p.kind != p.VAR_POSITIONAL
        if p.name != "self" and p.kind != p.VAR_KEYWORD:
            assert p.annotation is not p.empty and p.default is not p.empty, p
    assert {"weight", "schedule", "schedule_steps"} <= set(arguments(REGULARIZERS[name]))


def test_shared_arguments_have_one_type():
    types = {}
    for cls in REGULARIZERS.values():
        for p in inspect.signature(cls.__init__).parameters.values():
            assert types.setdefault(p.name, p.annotation) == p.annotation, p


@every
def test_config_round_trip(name):
    reg = build(name, weight=2.0, schedule="linear", schedule_steps=7.0)
    config = json.loads(json.dumps(reg.get_config()))
    again = REGULARIZERS[name].from_config(config)
    assert again.get_config() == reg.get_config()
    assert set(arguments(REGULARIZERS[name])) <= set(config)


@every
@pytest.mark.parametrize(
    "bad",
    [
        {"weight": -1.0},
        {"weight": float("nan")},
        {"weight": float("inf")},
        {"schedule": "cubic"},
        {"schedule_steps": 0.0},
    ],
)
def test_bad_arguments_are_refused(name, bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        make(REGULARIZERS, {"name": name, **bad})

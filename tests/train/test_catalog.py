"""configs.catalog reads the same values from the source as an import gives."""

import importlib
import inspect
import sys
import textwrap

import pytest

from configs import catalog, check, source
from configs.components import component, field_type
from tfgvae import registry
from train.classifier import parser
from train.classifier_settings import check_flags


def imported(module, name):
    return getattr(importlib.import_module(module), name)


COMPONENTS = [(kind, name) for kind, where in catalog.TABLES.items() for name in imported(*where)]


@pytest.mark.parametrize("kind", catalog.TABLES)
def test_the_tables_have_the_same_names_in_the_same_order(kind):
    assert list(catalog.table(kind)) == list(imported(*catalog.TABLES[kind]))


@pytest.mark.parametrize(("kind", "name"), COMPONENTS)
def test_a_component_is_what_inspect_sees(kind, name):
    cls, found = imported(*catalog.TABLES[kind])[name], catalog.table(kind)[name]
    parameters = inspect.signature(cls.__init__, eval_str=True).parameters
    settable = registry.settable(cls)
    assert list(found.arguments) == settable
    for argument in settable:
        parameter, read = parameters[argument], found.arguments[argument]
        assert read.default == parameter.default
        assert type(read.default) is type(parameter.default)
        annotated = None if parameter.annotation is parameter.empty else parameter.annotation
        assert field_type(read) is field_type(catalog.Argument(annotated, parameter.default))
    if settable or found.supplied:
        rest = [a for a in registry.arguments(cls) if a not in settable]
        assert list(found.supplied) == rest and set(rest) <= set(cls.supplied)


def test_parts_of_a_model_have_the_defaults_of_its_constructor():
    for name, cls in imported(*catalog.TABLES["model"]).items():
        parameters = inspect.signature(cls.__init__).parameters
        parts = catalog.table("model")[name].parts
        assert parts == {k: parameters[k].default for k in catalog.PARTS if k in parameters}


def test_summaries_are_first_lines_of_docstrings():
    found = catalog.summaries("train.evaluate.metrics", "METRICS")
    metrics = imported("train.evaluate.metrics", "METRICS")
    assert found == {name: m.__doc__.splitlines()[0] for name, m in metrics.items()}
    assert list(found) == list(metrics)


def test_names_of_other_tables_are_those_of_an_import():
    tables = [
        *(where[:2] for where in check.NAMES.values()),
        ("train.strategies", "STRATEGIES"),
        ("tfgvae.data.noise", "AUGMENTATIONS"),
        ("tfgvae.data.split", "SOURCES"),
    ]
    for module, table in tables:
        assert catalog.names(module, table) == tuple(imported(module, table))
    binarizations = catalog.constant("tfgvae.data.noise", "BINARIZATIONS")
    assert binarizations == imported("tfgvae.data.noise", "BINARIZATIONS")


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ({"trunk": "vgg"}, "unknown trunk 'vgg'; known: conv, mlp, resnet"),
        ({"binarize": "yes"}, "binarize must be one of"),
        ({"augment": "turn"}, "augment must be one of"),
        ({"dataset": "mnst"}, "unknown data set 'mnst'"),
    ],
)
def test_names_of_a_classifier(flag, said):
    right = vars(parser().parse_args(["--dataset=digits", "--output=x.keras", "--augment=flip"]))
    check_flags(right)
    with pytest.raises(ValueError, match=said):
        check_flags({**right, **flag})


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A package of components that imports what is not there."""
    files = {
        "__init__": """
            from parts.large import Large
            from parts.small import Inherits, Small

            TABLE = {"small": Small, "large": Large, "inherits": Inherits}
            """,
        "small": '''
            import math

            import no_such_package as npc
            from parts import sizes

            class Small(npc.Layer):
                """A small part."""

                supplied = ("latent_dim",)

                def __init__(
                    self,
                    latent_dim: int,
                    shape: "npc.Shape | tuple[int, ...]" = (),
                    width: int = 2 * sizes.ONE,
                    scale: int = 1,
                    root=math.sqrt(4.0),
                    layer: npc.Layer | None = None,
                    **kwargs,
                ):
                    pass

            class Inherits(Small):
                """A part without a constructor."""

                supplied: tuple = ("latent_dim", "width")
            ''',
        "large": '''
            class Large:
                """A large part. It is tall."""

                def __init__(self, *, dense: tuple[int, ...] = (8,), scale: float | None = None):
                    pass
            ''',
        "sizes": "ONE: int = 1",
    }
    (tmp_path / "parts").mkdir()
    for name, text in files.items():
        (tmp_path / "parts" / f"{name}.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(source, "OURS", (*source.OURS, "parts"))
    source.read.cache_clear()
    yield catalog.components("parts", "TABLE")
    source.read.cache_clear()


def test_imports_bases_quotes_and_constants_are_followed(parts):
    small, large, inherits = (parts[name] for name in ("small", "large", "inherits"))
    assert {k: v.default for k, v in small.arguments.items()} == {
        "shape": (),
        "width": 2,
        "scale": 1,
        "root": 2.0,
        "layer": None,
    }
    assert list(small.supplied) == ["latent_dim"] and not large.supplied
    assert list(inherits.arguments) == ["shape", "scale", "root", "layer"]
    assert large.arguments["dense"].default == (8,)
    assert catalog.summaries("parts", "TABLE")["large"] == "A large part. It is tall."
    assert "parts" not in sys.modules


def test_fields_are_the_union_of_the_arguments(parts):
    section = component(parts, "small")
    assert section.name == "small"
    kinds = {key: section.get_type(key) for key in section}
    assert kinds == {
        "name": str,
        "shape": object,
        "width": int,
        "scale": float,  # of int and float
        "root": float,  # of its default
        "layer": object,
        "dense": tuple,
    }
    assert section.width is None
    section.width = 3
    with pytest.raises(TypeError):
        section.width = "wide"

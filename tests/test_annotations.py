"""Every public function, method and constructor of tfgvae is annotated."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parents[1] / "tfgvae"


def public(name):
    return not name.startswith("_") or name == "__init__"


def functions(node, prefix=""):
    """(dotted name, ast node) of the public functions and methods, without nested functions."""
    for item in node.body:
        if isinstance(item, ast.ClassDef) and public(item.name):
            yield from functions(item, f"{prefix}{item.name}.")
        elif isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and public(item.name):
            yield f"{prefix}{item.name}", item


def missing(function):
    """Names of the arguments without an annotation, and "return"."""
    spec = function.args
    stars = [star for star in (spec.vararg, spec.kwarg) if star]
    arguments = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *stars]
    names = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
    return names if function.returns else [*names, "return"]


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_public_functions_are_annotated(path):
    found = {name: missing(node) for name, node in functions(ast.parse(path.read_text()))}
    assert not {name: names for name, names in found.items() if names}


def test_a_missing_annotation_is_found():
    source = "class A:\n  def __init__(self, a, *b: int, c=0, **d) -> None: ...\n  def f(self): ..."
    found = {name: missing(node) for name, node in functions(ast.parse(source))}
    assert found == {"A.__init__": ["a", "c", "d"], "A.f": ["return"]}

"""Every >>> example in a docstring or on a page of the site is right."""

import doctest
import importlib
import inspect
import pathlib
import pkgutil

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PACKAGES = ("tfgvae", "train", "export", "configs")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules():
    """Names of all modules of the packages, by their files: nothing is imported for it."""
    names = list(PACKAGES)
    for package in PACKAGES:
        names += [info.name for info in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")]
    return [name for name in names if ">>>" in source(name)]


def source(module):
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path.read_text()


def run(test, scope=None):
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    lines = []
    runner.run(test, out=lines.append)
    assert runner.failures == 0, "".join(lines)
    return runner.tries


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module(name):
    module = importlib.import_module(name)
    found = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert found, f"{name} has >>> outside of docstrings of its public names"
    for test in found:
        run(test)


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts and ">>>" in page.read_text()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_page(page):
    parser = doctest.DocTestParser()
    run(parser.get_doctest(page.read_text(), {}, page.name, str(page), 0))


def test_pure_functions_have_examples():
    for name in ("tfgvae.registry", "tfgvae.seeds", "tfgvae.estimators.estimate"):
        assert name in modules()
        assert inspect.getdoc(importlib.import_module(name))

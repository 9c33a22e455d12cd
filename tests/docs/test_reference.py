"""The reference: pages list what modules define, docstrings become harmless reStructuredText."""

import importlib
import importlib.util
import pathlib
import pkgutil
import textwrap

import pytest

import tfgvae
import tfgvae.models

ROOT = pathlib.Path(__file__).parents[2]


def extension(name):
    """A module of docs/_ext: the folder is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference, docstrings = extension("reference"), extension("docstrings")


def convert(text):
    return "\n".join(docstrings.convert(textwrap.dedent(text).strip("\n").splitlines()))


def test_every_package_has_a_page():
    walked = {f"tfgvae.{info.name}" for info in pkgutil.iter_modules(tfgvae.__path__) if info.ispkg}
    found = reference.packages()
    assert walked | {"tfgvae", "train", "export", "configs"} <= set(found)
    assert "tfgvae.models.gvae" in found["tfgvae.models"]


def test_a_page_lists_what_its_modules_define_and_nothing_else():
    page = reference.page("tfgvae.models", ["tfgvae.models", "tfgvae.models.gvae"])
    assert ".. autoclass:: tfgvae.models.gvae.GVAE" in page
    assert "* :py:class:`tfgvae.models.GVAE <tfgvae.models.gvae.GVAE>`" in page
    assert ".. autoclass:: tfgvae.models.gvae.Family" not in page  # Imported there.


def test_private_modules_have_no_place():
    for modules in reference.packages().values():
        assert not any(name.rpartition(".")[2].startswith("_") for name in modules)


def test_pages_of_packages_that_are_gone_are_removed(tmp_path):
    (tmp_path / "tfgvae.gone.rst").write_text("old")
    reference.write(tmp_path)
    assert not (tmp_path / "tfgvae.gone.rst").exists()
    assert (tmp_path / "tfgvae.models.rst").exists()
    before = (tmp_path / "tfgvae.models.rst").stat().st_mtime_ns
    reference.write(tmp_path)
    assert (tmp_path / "tfgvae.models.rst").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E |x|^2 * 2", r"E \|x\|^2 \* 2"),
        ("x_ and y", r"x\_ and y"),
        ("an odd ` mark", r"an odd \` mark"),
        ("[N, *shape] of `seed_`s", "[N, \\*shape] of \\ ``seed_``\\ s"),
    ],
)
def test_mathematics_is_no_markup(text, expected):
    assert convert(text).strip() == expected


def test_a_formula_is_shown_as_it_is():
    made = convert(
        """
        The bound.

            log p(x) >= E_q [log p(x, z)]
              - log q(z|x)

        After it."""
    )
    assert "::\n\n        log p(x) >= E_q [log p(x, z)]\n          - log q(z|x)" in made
    assert made.startswith("The bound.") and made.strip().endswith("After it.")


def test_a_table_by_columns_is_shown_as_it_is():
    assert convert("lower  E [a]\nupper  E [b]").startswith("::")


def test_a_list_stays_one():
    made = convert("Two forms:\n\n* `uniform` is\n  one.\n* |x| another.")
    assert "* \\ ``uniform``\\  is\n  one.\n* \\|x\\| another." in made


def test_sections_keep_their_form_for_napoleon():
    made = convert(
        """
        Do it.

        Args:
          latent_dim: Z.
          *data: integers, of
            any shape.

        Returns:
          {"image": [B]}, or None.

        Raises:
          ValueError: |x| > 1."""
    )
    assert "Args:\n  latent\\_dim: \\Z.\n  \\*data: integers, of\n      any shape." in made
    assert ':returns: {"image": [B]}, or None.' in made
    assert "Raises:\n  ValueError: \\|x\\| > 1." in made


def test_an_example_stays_one():
    assert convert("Add.\n\n>>> 2 * 3\n6") == "Add.\n\n>>> 2 * 3\n6\n"

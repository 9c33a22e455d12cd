"""What a release holds: the version in one place, every data file, and archives that work alone."""

import fnmatch
import pathlib
import re

import pytest
import yaml

import tfgvae
from tests import outside

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = ("tfgvae", "train", "export", "configs")
SAMPLE = """
import tfgvae
print(tfgvae.__file__)
print(*(row.name for row in tfgvae.presets()))
print(*tfgvae.from_preset("seqvae-digits").ancestral_sample(2, seed=0).shape)
"""


def test_the_citation_has_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == tfgvae.__version__
    assert citation["cff-version"] == "1.2.0" and citation["license"] == "Apache-2.0"
    assert {"message", "title", "authors"} <= set(citation)


def test_every_data_file_of_the_packages_is_in_the_wheel():
    text = (ROOT / "setup.py").read_text()
    patterns = re.search(r'package_data=\{"tfgvae\.zoo": \[(.*?)\]\}', text)[1]
    patterns = [f"tfgvae/zoo/{pattern}" for pattern in re.findall(r'"(.*?)"', patterns)]
    data = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert data and not [f for f in data if not any(fnmatch.fnmatch(f, p) for p in patterns)]


@pytest.mark.slow
def test_the_archives_work_without_the_checkout(tmp_path):
    tools, archives = outside.python_with("build", "twine"), tmp_path / "archives"
    outside.run(tools, "-m", "build", "--outdir", archives, ROOT, folder=tmp_path)
    (wheel,), (source,) = archives.glob("*.whl"), archives.glob("*.tar.gz")
    assert f"-{tfgvae.__version__}" in wheel.name and f"-{tfgvae.__version__}" in source.name
    checked = outside.run(tools, "-m", "twine", "check", "--strict", wheel, source, folder=tmp_path)
    assert checked.count("PASSED") == 2

    python = outside.python_with(str(wheel))
    for archive in (None, source):
        if archive:
            again = ("-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", archive)
            outside.run(python, *again, folder=tmp_path)
        printed = outside.run(python, "-c", SAMPLE, folder=tmp_path)
        *_, place, names, shape = printed.splitlines()
        assert place.startswith(str(python.parents[1])) and shape == "2 8 8 1"
        assert names.split() == [row.name for row in tfgvae.presets()]
    flags = ("--preset=seqvae-digits", "--output=served")
    outside.run(python.with_name("tfgvae-export"), *flags, folder=tmp_path)
    verify = python.with_name("tfgvae-verify")
    assert "All is well" in outside.run(verify, "served/seqvae-digits/1", folder=tmp_path)

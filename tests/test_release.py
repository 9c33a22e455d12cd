"""What a release holds: the version in one place, every data file, and archives that work alone."""

import fnmatch
import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

import tfgvae

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


def environment(folder, *packages):
    """The folder of the programs of a new environment that has these packages."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    programs = folder / "bin"
    command = [programs / "python", "-m", "pip", "install", "-q", *packages]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot install {packages}: {done.stderr.strip().splitlines()[-1]}")
    return programs


def out_of(folder, *command):
    """What a command prints in a folder. It does not see the packages of this process."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    clean = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_archives_work_without_the_checkout(tmp_path):
    tools = environment(tmp_path / "tools", "build", "twine")
    archives = tmp_path / "archives"
    out_of(tmp_path, tools / "python", "-m", "build", "--outdir", archives, ROOT)
    (wheel,), (source,) = archives.glob("*.whl"), archives.glob("*.tar.gz")
    assert f"-{tfgvae.__version__}" in wheel.name and f"-{tfgvae.__version__}" in source.name
    checked = out_of(tmp_path, tools / "twine", "check", "--strict", wheel, source)
    assert checked.count("PASSED") == 2

    programs = environment(tmp_path / "fresh", wheel)
    for archive in (None, source):
        if archive:
            again = ("-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", archive)
            out_of(tmp_path, programs / "python", *again)
        *_, place, names, shape = out_of(tmp_path, programs / "python", "-c", SAMPLE).splitlines()
        assert place.startswith(str(tmp_path / "fresh")) and shape == "2 8 8 1"
        assert names.split() == [row.name for row in tfgvae.presets()]
    flags = ("--preset=seqvae-digits", "--output=served")
    out_of(tmp_path, programs / "tfgvae-export", *flags)
    verified = out_of(tmp_path, programs / "tfgvae-verify", "served/seqvae-digits/1")
    assert "All is well" in verified

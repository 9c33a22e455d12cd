"""The commands beside files of the user that have the names of our packages."""

import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys

import pytest

from tests.own_module import FLAGS
from tests.train import tiny_runs as tiny

ROOT = tiny.ROOT
OURS = ("train", "export", "configs")
# What a user's own train.py does when it is imported.
MINE = 'print("mine ran")\n'


def start(*arguments, folder, path=()):
    """Run Python in a folder: (status, what is printed). `path` comes first on PYTHONPATH."""
    path = os.pathsep.join([*map(str, path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def put(folder, *names, text=MINE):
    for name in names:
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """The console scripts of setup.py as pip writes them: {name: path}."""
    folder = tmp_path_factory.mktemp("bin")
    made = [sys.executable, "setup.py", "--quiet", "egg_info", "--egg-base", str(folder)]
    subprocess.run(made, cwd=ROOT, check=True, capture_output=True)
    (described,) = folder.glob("*.egg-info")
    assert "tfgvae_console" in (described / "top_level.txt").read_text().split()
    entries = importlib.metadata.PathDistribution(described).entry_points
    paths = {}
    for entry in entries.select(group="console_scripts"):
        paths[entry.name] = folder / entry.name
        paths[entry.name].write_text(
            f"import sys\nfrom {entry.module} import {entry.attr}\nsys.exit({entry.attr}())\n"
        )
    return paths


@pytest.mark.parametrize(
    ("name", "module"),
    {
        "tfgvae-train": "train.run",
        "tfgvae-evaluate": "train.evaluate",
        "tfgvae-compare": "train.compare",
        "tfgvae-sweep": "train.sweep",
        "tfgvae-publish": "train.publish",
        "tfgvae-reproduce": "train.reproduce",
        "tfgvae-export": "export.run",
        "tfgvae-verify": "export.verify",
        "tfgvae-check": "export.check",
    }.items(),
)
def test_a_console_script_is_its_command_in_any_folder(scripts, tmp_path, name, module):
    put(tmp_path, *OURS)
    # The hardest case: the folder comes first on PYTHONPATH.
    status, out = start(scripts[name], "--help", folder=tmp_path, path=[tmp_path])
    assert status == 0 and "mine ran" not in out
    assert out == start("-m", module, "--help", folder=ROOT)[1]
    status, out = start(scripts[name], "--no_such_flag=1", folder=tmp_path)
    assert status == 2 and "Traceback" not in out


def test_every_console_script_is_tested(scripts):
    assert len(scripts) == 9


@pytest.mark.slow
def test_a_console_script_trains_with_a_module_of_the_folder(scripts, my_parts):
    put(my_parts, *OURS)
    flags = [flag for flag in tiny.SMALLEST if "mapping" not in flag]
    flags += ["--steps=1", "--config.pictures.num=0", "--workdir=run"]
    status, out = start(scripts["tfgvae-train"], *flags, *FLAGS, folder=my_parts)
    assert status == 0 and "Run folder: run" in out and "mine ran" not in out


@pytest.mark.parametrize(
    ("command", "beside"),
    [("train.run", ("export", "configs")), ("export.run", ("train", "configs"))],
)
def test_python_m_works_beside_files_that_its_package_comes_before(tmp_path, command, beside):
    put(tmp_path, *beside)
    status, out = start("-m", command, "--help", folder=tmp_path)
    assert status == 0 and "mine ran" not in out and "--workdir" in out


@pytest.mark.parametrize("command", ["train.run", "export.run"])
def test_a_file_in_the_way_is_named(scripts, tmp_path, command):
    put(tmp_path, "tfgvae")
    status, out = start("-m", command, "--help", folder=tmp_path)
    assert status == 2 and out.count("\n") == 1
    assert f"{tmp_path}/tfgvae.py is in the way of the package 'tfgvae'" in out
    script = scripts[f"tfgvae-{command.partition('.')[0]}"]
    assert start(script, "--help", folder=tmp_path, path=[tmp_path]) == (status, out)


def test_what_python_says_beside_a_train_py_is_on_the_page_of_troubles(tmp_path):
    put(tmp_path, "train")
    page = pathlib.Path(ROOT, "docs/how-to/troubleshooting.md").read_text()
    quoted = [" ".join(q.split()) for q in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)]
    ways = ["-m", "train.run"], ["-c", "import train.loop"]
    for arguments, said in zip(ways, quoted[:2], strict=True):
        status, out = start(*arguments, folder=tmp_path)
        assert status == 1 and said in out and out.startswith("mine ran")


# A user's script. The limit is refused by our package `export`, so it was found.
SCRIPT = """
print("mine ran")
{first}
import tfgvae
try:
    tfgvae.export(None, "served", max_rows=0)
except (ImportError, ValueError) as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
def test_a_script_train_py_can_export(tmp_path):
    put(tmp_path, "train", text=SCRIPT.format(first=""))
    status, out = start("train.py", folder=tmp_path)
    assert status == 0 and "ValueError max_rows" in out and out.count("mine ran") == 1


@pytest.mark.slow
def test_an_own_module_train_that_is_imported_already_is_named(tmp_path):
    put(tmp_path, "train")
    put(tmp_path, "script", text=SCRIPT.format(first="import train"))
    status, out = start("script.py", folder=tmp_path)
    assert status == 0 and f"ImportError {tmp_path}/train.py is in the way of the package" in out

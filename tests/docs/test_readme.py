"""The README and the site's text: short, its Python runs, its command lines parse."""

import functools
import importlib
import pathlib
import re
import shlex

import pytest

import configs
from tfgvae.families import FAMILIES
from tfgvae.inference import INFERENCE
from tfgvae.mappings import MAPPINGS
from tfgvae.regularizers import REGULARIZERS
from train import flags as train_flags
from train.loop import train_and_evaluate
from train.sweep import grid

ROOT = pathlib.Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]
PAGES.remove(ROOT / "docs" / "how-to" / "own_parts.md")  # test_own_parts_page.py runs all of it.
INSTALL = 'pip install -e ".[test]" && python -m pytest'
FIRST = "pip install -e . && python -m train.run --model=seqvae"
TABLES = {
    "family": FAMILIES,
    "mapping": MAPPINGS,
    "inference": INFERENCE,
    "regularizer": REGULARIZERS,
}


def name(path):
    return str(path.relative_to(ROOT))


def test_the_readme_is_short():
    lines = README.read_text().splitlines()
    assert len(lines) <= 150
    assert len(README.read_text().split()) <= 900
    assert max(map(len, lines)) < 120


def test_the_readme_has_its_two_commands():
    lines = README.read_text().splitlines()
    assert f"    {INSTALL}" in lines
    assert f"    {FIRST}" in lines


# --- Python -------------------------------------------------------------------------------------


def python_blocks(path):
    return re.findall(r"^```python\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)


def tiny_run(recipe, folder):
    """The run that the text assumes, after a few steps."""
    config = configs.get_config(recipe)
    config.train.update(steps=2, warmup_steps=0, checkpoint_every=2, log_every=1, eval_images=16)
    config.pictures.num = 0
    train_and_evaluate(config, folder, say=lambda line: None)


WITH_PYTHON = [
    # A notebook's page trains a model: the tests of train.notebook do, too.
    pytest.param(page, id=name(page), marks=pytest.mark.slow if "notebook" in page.name else ())
    for page in PAGES
    if python_blocks(page)
]


@pytest.mark.parametrize("page", WITH_PYTHON)
def test_the_python_of_a_page_runs_as_written(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = python_blocks(page)
    if page == README:
        folder = re.search(r'tfgvae\.load\("([^"]+)"\)', blocks[0])[1]
        assert folder == "runs/seqvae-digits"  # Where the first command puts it.
        tiny_run("seqvae", folder)
    scope = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{page.name}, block {number}", "exec"), scope)
    if page == README:
        assert scope["steps"].shape == (8, 4, 8, 8, 1)  # As its comments say.
        assert scope["bound"].shape == (100,)


# --- command lines ------------------------------------------------------------------------------


def command_lines(path):
    """The lines `python -m ...` and `python FILE` of a text, those that go on joined."""
    text = path.read_text().replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        inline = re.findall(r"`([^`]*python [^`]+)`", line)
        for command in inline or [line.split("  #")[0]]:
            match = re.search(r"\bpython (-m [\w.]+|\w+/\w+\.py)(.*)", command)
            if match and (inline or re.match(r"\s+(?:.*&& |\w+=\S+ )?python ", command)):
                found.append(f"{match[1]}{match[2]}".split(" && ")[0].strip())
    return found


COMMANDS = sorted({(command, name(page)) for page in PAGES for command in command_lines(page)})


def test_commands_are_found():
    shown = [command for command, page in COMMANDS if page == "README.md"]
    assert {"-m train.run --model=seqvae", "-m export.verify served/digits/1"} <= set(shown)
    assert len(COMMANDS) > 50


@functools.cache
def module_of(dotted):
    """The module that `python -m DOTTED` runs."""
    module = importlib.import_module(dotted)
    return importlib.import_module(f"{dotted}.__main__") if hasattr(module, "__path__") else module


def parse(module, arguments):
    """Parse a command line by the flags of its module: it has them, or its module `flags` does."""
    flags = getattr(module, "flags", None)
    if module.__name__ == "train.run":
        named = {argument.partition("=")[0] for argument in arguments}
        if "--workdir" in named and "--model" not in named:
            # It resumes a run. The last flag counts.
            arguments = [*arguments, f"--workdir={ROOT}/tests/golden/run"]
        config = train_flags.parse(["train.run", *arguments]).config
        for part, table in TABLES.items():
            assert config[part].name is None or config[part].name in table
    elif module.__name__ == "train.sweep.__main__":
        assert grid.parse(["train.sweep", *arguments]).cells
    elif hasattr(module, "parser") or hasattr(flags, "parser"):
        (module if hasattr(module, "parser") else flags).parser().parse_args(arguments)
    else:  # No flags at all.
        assert not any(argument.startswith("-") for argument in arguments)


@pytest.mark.parametrize(("command", "page"), COMMANDS)
def test_a_command_line_parses(command, page):
    if not command.startswith("-m"):
        assert (ROOT / command.split()[0]).exists()
        return
    _, dotted, *arguments = shlex.split(command, comments=True)
    module = module_of(dotted)
    assert module.__doc__
    if arguments and "--help" not in arguments and dotted != "pytest":
        parse(module, arguments)

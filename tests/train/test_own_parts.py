"""--import: own parts on the command line, typed and checked as ours, recorded in the run."""

import json
import os
import subprocess
import sys

import pytest

import tfgvae
from configs import catalog
from export import run as export_command
from tests.own_module import FLAGS
from tests.train import tiny_runs as tiny
from tfgvae import runs
from tfgvae.mappings import MAPPINGS
from train import flags, run
from train.argv import modules_of
from train.errors import SetupError
from train.evaluate import __main__ as evaluate_command
from train.loop import train_and_evaluate

SMALLEST = [flag for flag in tiny.SMALLEST if "mapping" not in flag]
SHORT = [*SMALLEST, "--steps=2", "--config.pictures.num=0", "--workdir=run"]


def parse(*arguments):
    return flags.parse(["run", *arguments])


def test_options_of_an_own_class_are_typed_flags(my_parts):
    command = parse("--model=vae", *FLAGS, "--config.mapping.rank=3", "--config.mapping.gain=2")
    mapping = command.config.mapping
    assert (mapping.name, mapping.rank, mapping.gain) == ("low_rank", 3, 2.0)
    assert isinstance(mapping.gain, float) and mapping.get_type("steps") is tuple
    assert command.config.imports == ("my_parts",) and "imports" in command.given
    with pytest.raises(SetupError, match=r"mapping\.rank=many"):
        parse("--model=vae", *FLAGS, "--config.mapping.rank=many")
    with pytest.raises(SetupError, match=r"no 'rnk'; it has: .*rank"):
        parse("--model=vae", *FLAGS, "--config.mapping.rnk=3")


def test_an_own_class_in_the_catalog(my_parts):
    before = catalog.table("mapping")
    parse("--model=vae", "--import=my_parts")
    found = catalog.table("mapping")
    assert set(found) - set(before) == {"low_rank"}
    arguments = found["low_rank"].arguments
    assert {name: a.default for name, a in arguments.items()} == {
        "rank": 4,
        "gain": 1.0,
        "steps": (1, 2),
        "make": None,  # config.json could not hold the function.
    }
    assert found["low_rank"].supplied == {}


@pytest.mark.parametrize(
    ("annotation", "kind"), [("int", int), ("int | None", int), ("Only | int", object)]
)
def test_annotations_that_are_not_evaluated_yet(own_folder, annotation, kind):
    (own_folder / "late.py").write_text(
        "from __future__ import annotations\n"
        "import typing\n"
        "from tfgvae.mappings import MAPPINGS, Mapping\n"
        "if typing.TYPE_CHECKING:\n    from nowhere import Only\n"
        "class Late(Mapping):\n"
        f"    def __init__(self, latent_dim: int, params_shape, late: {annotation} = 1): ...\n"
        "MAPPINGS['late'] = Late\n"
    )
    config = parse("--model=vae", "--import=late", "--config.mapping.late=3").config
    assert config.mapping.get_type("late") is kind and config.mapping.get("late") == 3
    found = catalog.table("mapping")["late"]
    assert list(found.arguments) == ["late"]
    assert list(found.supplied) == ["latent_dim", "params_shape"]


def test_help_lists_own_parts(my_parts, capfd):
    assert run.main(["run", "--help"]) == 0
    assert "low_rank" not in capfd.readouterr().out
    assert run.main(["run", "--help", "--import=my_parts"]) == 0
    shown = capfd.readouterr().out
    assert "conv | ladder | low_rank | mlp" in shown and "--config.mapping.rank (int)" in shown
    assert run.main(["run", "--help", "--import=nowhere"]) == 2


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["--import=one,two"], ("one", "two")),
        (["--import=one", "--import", "two.more", "--import=one"], ("one", "two.more")),
        ([], ()),
    ],
)
def test_several_modules(given, names):
    assert modules_of(["run", *given, "--model=vae"]) == names


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "there is no module 'nowhere', which --import names"),
        ("my_parts.more", "there is no module 'my_parts.more', which --import names"),
        ("my_parts.py", "must name a module, 'my_parts', not a file"),
        ("./my_parts", "must name a module, such as my_parts, got './my_parts'"),
        ("", "must name a module, such as my_parts, got ''"),
        ("train", "must name a module of yours, 'train' is one of tfgvae's names"),
        ("lines", "'lines', which --import names, cannot be imported: ValueError: two lines"),
        ("broken", "'broken', which --import names, cannot be imported: NameError: name 'oops'"),
        ("needs", "'needs', which --import names, cannot be imported: .*No module named 'gone'"),
        ("takes", "takes replaces the mapping 'conv' of tfgvae: give its class another name"),
        ("instance", r"the mapping 'five' in tfgvae.mappings.MAPPINGS must be a class, got 5"),
    ],
)
def test_a_module_that_does_not_work_is_one_sentence(my_parts, name, said, capsys):
    texts = {
        "broken": "oops",
        "lines": "raise ValueError('two\\nlines')",
        "needs": "import gone",
        "takes": "from tfgvae.mappings import *\n"
        "from tfgvae.mappings import MAPPINGS, Mapping\n"
        "class Own(Mapping): pass\n"
        "MAPPINGS['conv'] = Own\n",
        "instance": "from tfgvae.mappings import MAPPINGS\nMAPPINGS['five'] = 5\n",
    }
    for file, text in texts.items():
        (my_parts / f"{file}.py").write_text(text)
    assert run.main(["run", "--model=vae", f"--import={name}"]) == 2
    shown = capsys.readouterr().err.strip()
    assert "\n" not in shown
    with pytest.raises(SetupError, match=said):
        parse("--model=vae", f"--import={name}")


def test_a_class_of_another_kind_or_without_a_registered_name(own_folder, capsys):
    (own_folder / "odd.py").write_text(
        "import keras\n"
        "from tfgvae.mappings import MAPPINGS, MLP\n"
        "class Forgotten(MLP): pass\n"
        "MAPPINGS.update(dense=keras.layers.Dense, forgotten=Forgotten)\n"
    )
    for name, said in (("dense", "a subclass of Mapping"), ("forgotten", "not registered with")):
        name = f"--config.mapping.name={name}"
        assert run.main(["run", *SHORT, "--import=odd", name]) == 2
        assert said in capsys.readouterr().err
    assert not (own_folder / "run").exists()


def test_imports_are_set_by_their_flag():
    with pytest.raises(SetupError, match=r"--config\.imports is set by --import"):
        parse("--model=vae", "--config.imports=('my_parts',)")


# --- runs ---------------------------------------------------------------------------------------


def test_a_run_records_its_modules_and_goes_on_only_with_them(my_parts, capsys):
    assert run.main(["run", *SHORT, *FLAGS, "--config.mapping.rank=3"]) == 0
    stored = runs.read_config("run")
    assert stored["imports"] == ["my_parts"]
    assert stored["mapping"] == {
        "name": "low_rank",
        "rank": 3,
        "gain": 1.0,
        "steps": [1, 2],
    }
    # The same command, with other options: they are checked as ours.
    assert run.main(["run", *SHORT, *FLAGS, "--config.mapping.rank=2"]) == 2
    assert "mapping.rank: 3 -> 2" in capsys.readouterr().err
    assert run.main(["run", "--workdir=run"]) == 0

    # In a process without the module.
    sys.modules.pop("my_parts")
    MAPPINGS.pop("low_rank")
    (my_parts / "my_parts.py").rename(my_parts / "other_name.py")
    said = "there is no module 'my_parts', which run/config.json names"
    capsys.readouterr()
    for main, arguments in (
        (run.main, ["run", "--workdir=run"]),
        (run.main, ["run", "--model=vae", "--workdir=run"]),
        (export_command.main, ["--workdir=run", "--output=served"]),
        (evaluate_command.main, ["--workdir=run"]),
    ):
        assert main(arguments) == 2
        shown = capsys.readouterr().err.strip()
        assert shown.startswith(said) and "\n" not in shown
    with pytest.raises(ValueError, match=said):
        tfgvae.load("run")
    # As the sentence says: correct the name.
    config = json.loads((my_parts / "run" / "config.json").read_text())
    config["imports"] = ["other_name"]
    (my_parts / "run" / "config.json").write_text(json.dumps(config))
    assert tfgvae.load("run").mapping.rank == 3


@pytest.mark.parametrize("imports", ["my_parts", [5], {"a": 1}, ["a b"]])
def test_a_strange_list_of_modules_in_a_run(own_folder, imports):
    (own_folder / "config.json").write_text(json.dumps({"recipe": "vae", "imports": imports}))
    for read in (lambda: parse("--workdir=."), lambda: tfgvae.load(".")):
        with pytest.raises((SetupError, ValueError), match=r"config\.json"):
            read()


@pytest.mark.slow
def test_a_configuration_in_python_names_its_modules(my_parts):
    config = tiny.config(steps=2)
    config.update_from_flattened_dict({"imports": ("my_parts",), "pictures.num": 0})
    config.mapping.update(name="low_rank", width=None, dense=None)
    model, _ = train_and_evaluate(config, my_parts / "run", say=lambda line: None)
    assert type(model.mapping).__name__ == "LowRank"
    assert runs.read_config(my_parts / "run")["imports"] == ["my_parts"]


@pytest.mark.slow
def test_a_loaded_run_imports_its_modules_in_a_new_process(my_parts):
    assert run.main(["run", *SHORT, *FLAGS]) == 0
    program = 'import tfgvae; print(tfgvae.load("run").mapping.rank)'
    # -P: the current directory is not on Python's path, as with a console script.
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "PYTHONPATH": str(tiny.ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "4\n", done.stderr

"""scripts/train_zoo.sh: every command line of its table parses, and names a preset once."""

import shlex
import subprocess

import pytest

from tfgvae.zoo import finding
from train import flags
from train.publish.origin import ROOT

SCRIPT = ROOT / "scripts" / "train_zoo.sh"


def rows():
    done = subprocess.run([SCRIPT, "--list"], capture_output=True, text=True, check=True)
    return dict(line.split("\t") for line in done.stdout.splitlines())


@pytest.mark.parametrize(("name", "arguments"), rows().items())
def test_a_recipe_parses(name, arguments):
    command = flags.parse(["run", *shlex.split(arguments), f"--workdir=runs/{name}"])
    assert command.config.data.name == name.rpartition("-")[2]


def test_every_preset_has_a_recipe():
    assert set(finding.names()) <= set(rows())

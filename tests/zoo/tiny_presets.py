"""A preset of a tiny model, made by train.publish; its files changed in ways that hold or break."""

import json
import shutil

from tests.evaluate.evaluated import FAST, SIZES, run_folder
from tfgvae.zoo import cards
from train.evaluate import evaluate
from train.publish.publish import publish


def quiet(line):
    pass


def evaluated_run(folder, key="gvae"):
    """A run folder of a tiny model with an evaluation."""
    run_folder(folder, key)
    evaluate(folder, FAST, say=quiet, **SIZES)
    return folder


def published(workdir, output, name="tiny", **given):
    given = {"dtype": "float32", "say": quiet, **given}
    return publish(workdir, output, name, **given)


def copied(preset, folder):
    return shutil.copytree(preset, folder / "copy")


def sign(folder):
    """Write the sizes and the SHA-256 of the files of a preset into its card again."""
    card = json.loads((folder / cards.CARD).read_text())
    for name in card["files"]:
        content = (folder / name).read_bytes()
        card["files"][name] = {"sha256": cards.digest(content), "bytes": len(content)}
    (folder / cards.CARD).write_text(json.dumps(card))

"""publish: check the run, choose the type of the weights, write the folder, upload it."""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import json
import os
import pathlib
import re
import shutil

import numpy as np

from tfgvae.zoo import arrays, cards, stored
from train import configuration, unfinished
from train.errors import as_setup_error
from train.opened import open_run
from train.portable import portable
from train.publish import card as describing
from train.publish import precision, push

WRITING = ".publishing-"
# The types of the weights that are tried, the smallest first, before they stay float32.
TRIED = {
    "auto": ("float16",),
    "short": ("short", "float16"),
    "float16": ("float16",),
    "float32": (),
}


def publish(
    workdir,
    output,
    name,
    *,
    push_to=None,
    description=None,
    limits=(),
    headline=None,
    dtype="auto",
    licence="CC-BY-4.0",
    data_licence=None,
    data_dir=None,
    cpu_seconds=None,
    machine=None,
    evaluation=None,
    overwrite=False,
    say=print,
):
    """Make a preset of a run and its evaluation: the folder output/name.

    Args:
      workdir: the run folder.
      output: the folder of presets; created if it does not exist.
      name: the preset's name.
      push_to: "hf://user/name", where it is uploaded to; None for nowhere.
      description: two plain sentences; None makes them of the parts.
      limits: sentences about what the model cannot do, beside those that follow from its parts.
      headline: "METRIC.NUMBER"; None: log_likelihood.log_likelihood, else the first that was
        measured.
      dtype: "float16" or "float32"; "auto": float16 if it changes the headline by at most a tenth
        of its standard error, else float32; "short": float16 with 7 bits of fraction, under the
        same condition, else as "auto".
      licence: of the weights, an SPDX name.
      data_licence, machine, cpu_seconds: for the card; None if it follows from the run, or is not
        known.
      data_dir: TFDS data; None: $TFDS_DATA_DIR, else as in training.
      evaluation: the folder of train.evaluate; None: workdir/evaluation.
      overwrite: replace an earlier preset of that name.
      say: called with each line for the user.

    Returns:
      The folder, a pathlib.Path.

    Raises:
      train.errors.SetupError: no evaluation, or one of another checkpoint; weights that do not fit
        in `dtype`; the folder exists, or cannot be written; the upload failed.
    """
    with as_setup_error():
        target = _target(output, name, overwrite)
        describing.check_given(description, limits, licence, data_licence, cpu_seconds, machine)
        if push_to is not None:
            push.require(push_to)
        report = describing.report_of(workdir, evaluation)
        chosen = describing.headline(report, headline)
        opened = _open(workdir, report, data_dir, say)
        weights = arrays.of(opened.model)
        kind, changed = _choose(dtype, opened, report, chosen, weights, workdir, say)
        config = portable(configuration.as_json(opened.config))
        config.pop("imports", None)
        described = describing.make(
            opened,
            report,
            configuration.of_values(config, workdir)[0],
            chosen,
            name=name,
            description=description,
            limits=limits,
            workdir=workdir,
            dtype=kind,
            change=changed,
            licence=licence,
            data_licence=data_licence,
            cpu_seconds=cpu_seconds,
            machine=machine,
        )
        _write(_files(opened, config, described, weights, kind), target, weights, kind)
        say(describing.text(described))
        say(f'Load it: tfgvae.from_preset("{target}")')
        if push_to is not None:
            push.upload(target, push_to, described, say)
    return target


def _files(opened, config, described, weights, kind):
    """{name: content} of the preset's files; the card gets the digests of the others."""
    files = {
        cards.CONFIG: stored.config_of(opened.model, config),
        cards.WEIGHTS: stored.pack(weights, kind),
    }
    described["files"] = {
        file: {"sha256": cards.digest(content), "bytes": len(content)}
        for file, content in files.items()
    }
    cards.check(described, f"the card of {described['name']}")
    return {**files, cards.CARD: as_json(described)}


def as_json(card):
    """The content of card.json."""
    return (json.dumps(card, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _target(output, name, overwrite):
    pattern = cards.card_schema()["properties"]["name"]["pattern"]
    if not re.search(pattern, name):
        raise ValueError(f"a preset's name is letters, digits, '.', '_' and '-', got {name!r}")
    target = pathlib.Path(output).absolute() / name
    if target.exists():
        if not overwrite:
            raise ValueError(f"{target} exists: give another --name, or --overwrite")
        if not set(os.listdir(target)) <= set(cards.FILES):
            raise ValueError(f"{target} has files that are no preset's, it is not replaced")
    return target


def _open(workdir, report, data_dir, say):
    """The checkpoint that was evaluated."""
    step = report["checkpoint"]["step"]
    opened = open_run(workdir, step, data_dir, say)
    if opened.checkpoint["sha256"] != report["checkpoint"]["sha256"]:
        raise ValueError(
            f"the checkpoint of step {step} has changed since it was evaluated: run "
            f"python -m train.evaluate --workdir={workdir} --step={step}"
        )
    return opened


def _choose(dtype, opened, report, chosen, weights, workdir, say):
    """(type of the stored weights, change of the headline in standard errors or None)."""
    for kind in TRIED[dtype]:
        try:
            stored.pack(weights, kind)
        except ValueError:
            if dtype == "float16":
                raise
            say("Weights stay float32: one is too large for float16.")
            return "float32", None
        changed = precision.change(opened, report, chosen, weights, kind, workdir, say)
        if dtype == "float16" or (changed is not None and changed <= precision.MOST):
            return kind, None if changed is None else round(changed, 4)
        why = "has no standard error" if changed is None else f"changes by {changed:.2f} of them"
        say(f"Weights are not {kind}: {chosen} {why}.")
    return "float32", None


def _write(files, target, weights, kind):
    """Write the files aside, load them once, and rename the folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished.remove_left(target.parent, WRITING, set(cards.FILES))
    with unfinished.new_folder(target.parent, WRITING) as aside:
        for name, content in files.items():
            with open(aside / name, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        _check_written(aside, weights, kind)
        _replace(aside, target)


def _check_written(folder, weights, kind):
    """Check that the folder loads, and gives the weights back."""
    loaded = arrays.of(stored.read(folder).model())
    for name, expected in precision.rounded(weights, kind).items():
        if not np.array_equal(loaded[name], expected):
            raise ValueError(f"{name} did not come back as it was stored")


def _replace(aside, target):
    if not target.exists():
        os.rename(aside, target)
        return
    with unfinished.new_folder(target.parent, WRITING) as old:
        os.rename(target, old)  # Onto an empty folder.
        os.rename(aside, target)
        shutil.rmtree(old)

"""The card of a preset, from a run and its evaluation."""

import json
import pathlib

from configs.catalog import PARTS
from tfgvae.version import VERSION
from tfgvae.zoo import cards
from train import command_line
from train.evaluate.opening import describe
from train.evaluate.settings import SIZES
from train.files import read_json
from train.publish import data_sets, limits, origin

PREFERRED = "log_likelihood.log_likelihood"


def report_of(workdir, folder=None):
    """The stored results of train.evaluate for a run.

    Args:
      workdir: the run folder.
      folder: of the evaluation; None: workdir/evaluation.

    Raises:
      ValueError: there are none, or the file is damaged.
    """
    path = pathlib.Path(folder or pathlib.Path(workdir) / "evaluation") / "report.json"
    report = read_json(path)
    again = command_line.written("python -m train.evaluate", [f"--workdir={workdir}"])
    if report is None:
        raise ValueError(f"{workdir} was not evaluated, there is no {path}: run {again}")
    try:
        for entry in report["metrics"].values():
            assert entry["status"] != "done" or entry["numbers"] is not None
        json.dumps([report["checkpoint"]["step"], report["checkpoint"]["sha256"], report["seed"]])
    except (AssertionError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: run {again}") from error
    if not numbers(report):
        raise ValueError(f"{path} has no finished metric: run {again}")
    return report


def check_given(description, limits, licence, data_licence, cpu_seconds, machine):
    """Check what the publisher writes, before anything is measured.

    Raises:
      ValueError: the card could not hold it; the message names the flag.
    """
    given = {
        "--description": ("description", description),
        "--licence": ("weights.licence", licence),
        "--data_licence": ("data.licence", data_licence),
        "--cpu_seconds": ("training.cpu_seconds", cpu_seconds),
        "--machine": ("training.machine", machine),
    }
    for flag, (field, value) in given.items():
        if value is not None:
            cards.check_field(field, value, flag)
    for limit in limits:
        cards.check_field("limits", [limit], "--limit")


def numbers(report):
    """{"METRIC.NUMBER": number} of the finished metrics of a report."""
    return {
        f"{name}.{key}": number
        for name, entry in report["metrics"].items()
        if entry["status"] == "done"
        for key, number in entry["numbers"].items()
    }


def headline(report, wanted=None):
    """The name of the number that stands for the preset.

    Raises:
      ValueError: `wanted` was not measured.
    """
    known = list(numbers(report))
    if wanted is not None and wanted not in known:
        raise ValueError(f"--headline must be one of {', '.join(known)}, got {wanted!r}")
    return wanted or (PREFERRED if PREFERRED in known else known[0])


def evaluation(report, name):
    """The part of the card that says how the metrics are measured again."""
    done = {k: entry for k, entry in report["metrics"].items() if entry["status"] == "done"}
    sizes = {k: v for entry in done.values() for k, v in entry["settings"].items() if k in SIZES}
    flags = [f"--preset={name}", f"--metrics={','.join(done)}", f"--seed={report['seed']}"]
    flags += [f"--{key}={sizes[key]}" for key in SIZES if key in sizes]
    return {
        "command": command_line.written("python -m train.evaluate", flags),
        "seed": report["seed"],
        "settings": {k: entry["settings"] for k, entry in done.items()},
    }


def describe_briefly(about, config):
    """Two plain sentences about a model, where the publisher gives none."""
    height, width, channels = about["image_shape"]
    colours = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    parts = ", ".join(f"{kind} {name}" for kind, name in about["parts"].items())
    return (
        f"A {about['class']} for {colours} images of {height}x{width} "
        f"pixels, trained on {config.data.name} for {config.train.steps} steps. "
        f"Its parts are: {parts or 'those of the model'}."
    )


def make(opened, report, config, chosen, **given):
    """The card, without its files.

    Args:
      opened: train.opened.Opened of the run.
      report: the results of train.evaluate.
      config: ConfigDict of the run without paths.
      chosen: the name of the headline.
      **given: name, description, limits, workdir, dtype, change, licence, data_licence,
        cpu_seconds, machine.
    """
    about, data = _model(opened), config.data
    return {
        "format": cards.FORMAT,
        "name": given["name"],
        "description": given["description"] or describe_briefly(about, config),
        "model": about,
        "data": {
            "name": data.name,
            "version": data_sets.version(opened.config.data.name, opened.config.data.data_dir),
            "train_split": data.train_split,
            "test_split": data.test_split,
            "licence": given["data_licence"] or data_sets.licence(data.name),
            "preprocessing": data_sets.preprocessing(config, opened.data.training_info),
        },
        "training": {
            "command": origin.command(config),
            "version": VERSION,
            "commit": origin.commit(),
            "seed": config.seed,
            "steps": report["checkpoint"]["step"],
            "seconds": origin.seconds(given["workdir"], config.train.batch_size),
            "cpu_seconds": given["cpu_seconds"],
            "machine": given["machine"] or origin.machine(),
        },
        "headline": chosen,
        "metrics": [{"name": key, **number} for key, number in numbers(report).items()],
        "evaluation": evaluation(report, given["name"]),
        "weights": {key: given[key] for key in ("dtype", "change", "licence")},
        "limits": [*limits.sentences(opened), *given["limits"]],
    }


def _model(opened):
    model, described = opened.model, describe(opened)
    return {
        "name": described["name"],
        "class": type(model).__name__,
        "parts": {kind: opened.config[kind].name for kind in PARTS if opened.config[kind].name},
        **{key: described[key] for key in ("image_shape", "latent_shape", "num_classes")},
        "parameters": described["parameters"],
    }


def text(card):
    """A card as lines for a terminal."""
    training, data = card["training"], card["data"]
    lines = [
        card["name"],
        f"  {card['description']}",
        f"  data: {data['name']} ({data['version']}), licence: {data['licence']}",
        f"  trained: {training['command']}",
        f"  weights: {card['weights']['dtype']}, licence: {card['weights']['licence']}",
        f"  measured: {card['evaluation']['command']}",
    ]
    for metric in card["metrics"]:
        error = metric["standard_error"]
        shown = f"{metric['value']:.5g}" + ("" if error is None else f" +- {error:.2g}")
        mark = " (headline)" if metric["name"] == card["headline"] else ""
        lines.append(f"    {metric['name']}: {shown} {metric['unit']}, {metric['kind']}{mark}")
    return "\n".join([*lines, *(f"  limit: {sentence}" for sentence in card["limits"])])

"""Checks of each signature of an exported model.

The SavedModel is loaded by tf.saved_model.load, without the code of the model.
"""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import dataclasses
import statistics
import time

import numpy as np
import tensorflow as tf

from export import warmup
from export.examples import example
from export.layout import DEFAULT, model_card, shapes, warmup_path
from export.loading import load, naming

ROWS = 3
HEADER = ("signature", "first ms", "warm ms", "deterministic", "finite", "rows", "refuses")


@dataclasses.dataclass
class Result:
    """The results of one signature's checks.

    Attributes:
      name: the signature.
      first, warm: seconds of the first call, and the median of the next ones, with one row.
      deterministic: the same request gave the same answer, bit for bit; another seed gave another
        ancestral sample.
      finite: every number of every answer is finite.
      rows: the outputs match the card, with one row for each row of the request. A row does not
        depend on its batch, up to float rounding.
      refuses: every wrong input gave an InvalidArgumentError.
      problems: sentences, empty if every check passed.
    """

    name: str
    first: float
    warm: float
    deterministic: bool = True
    finite: bool = True
    rows: bool = True
    refuses: bool = True
    problems: list = dataclasses.field(default_factory=list)

    def require(self, check, condition, problem):
        """Unless `condition` holds, note that `check` failed, with the reason."""
        if not condition:
            setattr(self, check, False)
            self.problems.append(f"{self.name}: {problem}")


def call(function, inputs):
    """The outputs of a loaded signature as arrays."""
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    return {name: value.numpy() for name, value in function(**tensors).items()}


def seconds(function, inputs):
    """Seconds of one call."""
    start = time.perf_counter()
    call(function, inputs)
    return time.perf_counter() - start


def _same(a, b):
    # Float rounding may change a probability, and with it a drawn level.
    return np.isclose(a, b, rtol=1e-3, atol=1e-3).mean() >= 0.99 if a.size else True


def wrong_inputs(inputs, card):
    """Inputs that a signature must refuse: [(what is wrong, inputs)].

    Args:
      inputs: correct ones, {name: array}.
      card: the model card.
    """
    _, highest = card["pixels"]["range"]
    # If the family takes any finite number, only infinity is out of range.
    outside = 2 * highest + 1 if highest < 1e9 else np.inf
    too_many = card["limits"]["max_num_steps"] + 1
    changes = {
        "images": [("a pixel that is not a number", np.nan), ("a pixel out of range", outside)],
        "z": [("a latent that is not a number", np.nan)],
        "num_steps": [("no step", 0), ("too many steps", too_many)],
        "label": [("a negative label", -1)],
    }
    found = [("an empty batch", {name: value[:0] for name, value in inputs.items()})]
    if "max_rows" in card["limits"]:  # Exports of version 0.1 have no such limit.
        rows = np.arange(card["limits"]["max_rows"] + 1) % len(inputs["seed"])
        found.append(("too many rows", {name: value[rows] for name, value in inputs.items()}))
    found.append(("a seed for all rows", {**inputs, "seed": inputs["seed"][0]}))
    if len(inputs) > 1:  # Otherwise the seeds alone give the number of rows.
        found.append(("seeds missing", {**inputs, "seed": inputs["seed"][:-1]}))
    if "images" in inputs:
        images = np.pad(inputs["images"], [(0, 0), (0, 1), (0, 0), (0, 0)])
        found.append(("images of another size", {**inputs, "images": images}))
    for name, value in inputs.items():
        for what, bad in changes.get(name, []):
            changed = value.copy()
            changed.flat[0] = bad
            found.append((what, {**inputs, name: changed}))
    return found


def check_signature(name, function, card):
    """Check one loaded signature against its entry in the model card: a Result."""
    tensors, limits = card["signatures"][name], card["limits"]
    one, inputs = (example(tensors["inputs"], rows, limits) for rows in (1, ROWS))
    first = seconds(function, one)
    result = Result(name, first, statistics.median(seconds(function, one) for _ in range(5)))
    outputs, again, alone = (call(function, given) for given in (inputs, inputs, one))
    if set(outputs) != set(tensors["outputs"]):
        result.require("rows", False, f"gives {sorted(outputs)}")
        return result
    for key, value in outputs.items():
        shape = (ROWS, *tensors["outputs"][key]["shape"][1:])
        result.require("rows", value.shape == shape, f"{key} has shape {value.shape}")
        same = np.array_equal(value, again[key])
        result.require("deterministic", same, f"{key} differs between two equal requests")
        result.require("finite", np.isfinite(value).all(), f"{key} is not finite")
        result.require("rows", _same(value[:1], alone[key]), f"{key} depends on other rows")
    if name == DEFAULT:
        other = call(function, example(tensors["inputs"], ROWS, limits, first_seed=1001))
        differs = not np.array_equal(other["samples"], outputs["samples"])
        result.require("deterministic", differs, "other seeds give the same samples")
    for what, bad in wrong_inputs(inputs, card):
        result.require("refuses", _refuses(function, bad), f"does not refuse {what}")
    return result


def _refuses(function, inputs):
    try:
        call(function, inputs)
    except tf.errors.InvalidArgumentError:
        return True
    return False


def check_warmup(signatures, folder):
    """Replay the warm-up requests: problems as sentences."""
    with naming(warmup_path(folder)):
        requests = warmup.read(warmup_path(folder))
    for name, inputs in requests:
        call(signatures[name], inputs)
    missing = sorted(set(signatures) - {"serving_default"} - {name for name, _ in requests})
    return [f"no warm-up request for {name}" for name in missing]


def verify(folder):
    """Check a version folder.

    Args:
      folder: DIR/NAME/VERSION.

    Returns:
      ([Result], [problem]): the problems of all signatures and of the folder.

    Raises:
      ValueError: no model card, or a card that is not JSON.
      SetupError: a file is damaged or missing.
      tf.errors.OpError: a signature fails on correct inputs.
    """
    card = model_card(folder)
    served = load(folder)
    if set(served) != {"serving_default", *card["signatures"]}:
        return [], [f"the card has {sorted(card['signatures'])}, the model {sorted(served)}"]
    results = [check_signature(name, served[name], card) for name in card["signatures"]]
    problems = [problem for result in results for problem in result.problems]
    return results, problems + check_warmup(served, folder)


def table(results, card):
    """The results as lines of text."""
    rows = [HEADER]
    for r in results:
        flags = [r.deterministic, r.finite, r.rows, r.refuses]
        marks = ["yes" if flag else "NO" for flag in flags]
        rows.append((r.name, f"{1000 * r.first:.1f}", f"{1000 * r.warm:.1f}", *marks))
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    for name, tensors in card["signatures"].items():
        lines.append(f"{name}: {shapes(tensors['inputs'])} -> {shapes(tensors['outputs'])}")
    return "\n".join(lines)

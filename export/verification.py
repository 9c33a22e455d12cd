"""Checks of each signature of an exported model.

The SavedModel is loaded by tf.saved_model.load, without the code of the model.
"""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import dataclasses
import statistics

import numpy as np
import tensorflow as tf

from export import warmup
from export.calling import call, seconds
from export.examples import example
from export.layout import DEFAULT, IMAGES, PNG, warmup_path
from export.loading import naming
from tfgvae.messages import reason

ROWS = 3
HEADER = ("signature", "first ms", "warm ms", "deterministic", "finite", "rows", "refuses")
WIDTHS = (18, 10, 10, 13, 6, 4, 7)


@dataclasses.dataclass
class Result:
    """The results of one signature's checks.

    Attributes:
      name: the signature.
      first, warm: seconds of the first call, and the median of the next ones, with one row; None
        if the signature is missing or fails.
      deterministic: the same request gave the same answer, bit for bit; another seed gave another
        ancestral sample.
      finite: every number of every answer is finite.
      rows: the outputs match the card, with one row for each row of the request. A row does not
        depend on its batch, up to float rounding.
      refuses: every wrong input gave an InvalidArgumentError.
      problems: sentences, empty if every check passed.
    """

    name: str
    first: float | None = None
    warm: float | None = None
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

    def row(self):
        """A line of the table under HEADER."""
        times = ["-" if s is None else f"{1000 * s:.1f}" for s in (self.first, self.warm)]
        flags = [self.deterministic, self.finite, self.rows, self.refuses]
        if self.first is None:
            marks = ["-"] * len(flags)
        else:
            marks = ["yes" if flag else "NO" for flag in flags]
        return line((self.name, *times, *marks))


def line(cells):
    """Cells as a line of text, in columns."""
    padded = (cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return "  ".join(padded).rstrip()


def _same(a, b):
    if a.dtype == object:  # PNG files show the samples, which are compared.
        return True
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
    pixels = [("a pixel that is not a number", np.nan), ("a pixel out of range", outside)]
    changes = {
        **dict.fromkeys(IMAGES, pixels),
        "z": [("a latent that is not a number", np.nan)],
        "num_steps": [("no step", 0), ("too many steps", too_many)],
        "label": [("a negative label", -1)],
    }
    found = [("an empty batch", {name: value[:0] for name, value in inputs.items()})]
    if "max_rows" in card["limits"]:  # Exports of version 0.1 have no such limit.
        rows = np.arange(card["limits"]["max_rows"] + 1) % len(next(iter(inputs.values())))
        found.append(("too many rows", {name: value[rows] for name, value in inputs.items()}))
    if "seed" in inputs:
        found.append(("a seed for all rows", {**inputs, "seed": inputs["seed"][0]}))
    if len(inputs) > 1:  # Otherwise one input alone gives the number of rows.
        last = list(inputs)[-1]
        found.append((f"rows of {last} missing", {**inputs, last: inputs[last][:-1]}))
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
    result = Result(name, seconds(function, one))
    result.warm = statistics.median(seconds(function, one) for _ in range(5))
    outputs, again, alone = (call(function, given) for given in (inputs, inputs, one))
    if set(outputs) != set(tensors["outputs"]):
        result.require("rows", False, f"gives {sorted(outputs)}")
        return result
    for key, value in outputs.items():
        sizes = (ROWS, *tensors["outputs"][key]["shape"][1:])
        fits = tf.TensorShape(sizes).is_compatible_with(value.shape)
        result.require("rows", fits, f"{key} has shape {value.shape}")
        same = np.array_equal(value, again[key])
        result.require("deterministic", same, f"{key} differs between two equal requests")
        finite = value.dtype == object or np.isfinite(value).all()
        result.require("finite", finite, f"{key} is not finite")
        result.require("rows", _same(value[:1], alone[key]), f"{key} depends on other rows")
    if name == DEFAULT:
        other = call(function, example(tensors["inputs"], ROWS, limits, first_seed=1001))
        differs = not np.array_equal(other["samples"], outputs["samples"])
        result.require("deterministic", differs, "other seeds give the same samples")
    if PNG in outputs:
        shown = _shows(outputs[PNG], outputs["samples"])
        result.require("rows", shown, f"{PNG} does not show the samples")
    for what, bad in wrong_inputs(inputs, card):
        result.require("refuses", _refuses(function, bad), f"does not refuse {what}")
    return result


def _shows(files, images):
    """Whether PNG files show these images, up to the rounding to 8 bits."""
    decoded = np.stack([tf.io.decode_png(file).numpy() for file in files])
    if decoded.shape != images.shape:
        return False
    return np.abs(decoded - 255 * np.clip(images, 0, 1)).max() <= 0.51


def _refuses(function, inputs):
    try:
        call(function, inputs)
    except tf.errors.InvalidArgumentError:
        return True
    return False


def check_warmup(signatures, folder):
    """Replay the warm-up requests of a version folder: problems as sentences.

    Args:
      signatures: the loaded signatures, {name: function}.
      folder: DIR/NAME/VERSION.

    Raises:
      SetupError: a file is damaged or missing.
    """
    with naming(warmup_path(folder)):
        requests = warmup.read(warmup_path(folder))
    problems = []
    for name, inputs in requests:
        try:
            call(signatures[name], inputs)
        except (KeyError, tf.errors.OpError) as error:
            problems.append(f"the warm-up request for {name} fails: {reason(error)}")
    missing = sorted(set(signatures) - {"serving_default"} - {name for name, _ in requests})
    return problems + [f"no warm-up request for {name}" for name in missing]


def verify(served, card):
    """Check signatures; yields a Result after each of them.

    Args:
      served: the loaded signatures, {name: function}.
      card: the model card.
    """
    for name in card["signatures"]:
        if name not in served:
            result = Result(name)
            result.require("rows", False, "it is in the card, and the model does not have it")
        else:
            result = _checked(name, served[name], card)
        yield result
    for name in sorted(set(served) - {"serving_default", *card["signatures"]}):
        result = Result(name)
        result.require("rows", False, "the model has it, and it is not in the card")
        yield result


def _checked(name, function, card):
    try:
        return check_signature(name, function, card)
    except tf.errors.OpError as error:
        result = Result(name)
        result.require("rows", False, f"fails on a correct request: {reason(error)}")
        return result

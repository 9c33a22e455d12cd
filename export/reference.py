"""assets.extra/reference_answers.npz: requests, their answers, and how far a server may differ.

The arrays are SIGNATURE/inputs/NAME and SIGNATURE/outputs/NAME, for two rows, and
SIGNATURE/tolerance/NAME = (rtol, atol, share): a number differs if it is further than
atol + rtol * |answer| from the answer, and at most this share of the numbers may differ.
"""

import collections
import dataclasses
import pathlib
import zipfile

import numpy as np

from export.examples import example
from export.layout import EXTRA, PNG

FILE = "reference_answers.npz"
ROWS = 2
RTOL, ATOL = 1e-4, 1e-3
# A drawn level changes if rounding moves a probability over a uniform number: a few pixels may.
SHARE_OF_DRAWS = 0.05
# An autoregressive draw is only reported: after one changed pixel, all later ones may change.
ANY_SHARE = 1.0


@dataclasses.dataclass(frozen=True)
class Reference:
    """The request and the answer of one signature: {name: array [2, ...]} each.

    Attributes:
      inputs, outputs: the request and the answer.
      tolerance: {output: (rtol, atol, share)}.
    """

    inputs: dict
    outputs: dict
    tolerance: dict


def path(folder):
    """The file of reference answers of a version folder."""
    return pathlib.Path(folder) / EXTRA / FILE


def _tolerance(output, autoregressive):
    if output != "samples":
        return np.array([RTOL, ATOL, 0.0])
    return np.array([RTOL, ATOL, ANY_SHARE if autoregressive else SHARE_OF_DRAWS])


def write(folder, described, autoregressive, call):
    """Store the answers to an example request for each signature.

    Args:
      folder: the version folder.
      described: its model card.
      autoregressive: whether the model draws pixel by pixel.
      call: a function (signature, {input: array}) -> {output: array}.
    """
    arrays = {}
    for name, tensors in described["signatures"].items():
        inputs = example(tensors["inputs"], ROWS, described["limits"])
        # The bytes of a PNG file say no more than the samples.
        outputs = {key: value for key, value in call(name, inputs).items() if key != PNG}
        arrays |= {f"{name}/inputs/{key}": value for key, value in inputs.items()}
        arrays |= {f"{name}/outputs/{key}": value for key, value in outputs.items()}
        arrays |= {f"{name}/tolerance/{key}": _tolerance(key, autoregressive) for key in outputs}
    np.savez_compressed(path(folder), **arrays)


def read(folder):
    """{signature: Reference} of a version folder.

    Raises:
      ValueError: there are none, or the file is damaged.
    """
    parts = collections.defaultdict(lambda: {"inputs": {}, "outputs": {}, "tolerance": {}})
    try:
        with np.load(path(folder)) as stored:
            for key in stored.files:
                signature, kind, name = key.split("/")
                parts[signature][kind][name] = stored[key]
        return {signature: Reference(**kinds) for signature, kinds in parts.items()}
    except FileNotFoundError:
        raise ValueError(
            f"{folder} has no reference answers ({EXTRA}/{FILE}): export the model again"
        ) from None
    except (zipfile.BadZipFile, zipfile.zlib.error, ValueError, KeyError, EOFError) as error:
        raise ValueError(f"{path(folder)} is damaged: {error}") from error


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The result for one signature.

    Attributes:
      largest: the largest difference between an answer and its reference.
      share: the share of drawn pixels that differ; None if the signature draws no pixels.
      problems: sentences, empty if the answer is the reference up to its tolerance.
    """

    largest: float = 0.0
    share: float | None = None
    problems: tuple = ()


def compare(reference, answer):
    """Compare the answer {output: array} of a server with a Reference: a Comparison."""
    answer = {name: value for name, value in answer.items() if name != PNG}
    if set(answer) != set(reference.outputs):
        text = f"expected the outputs {sorted(reference.outputs)}, got {sorted(answer)}"
        return Comparison(np.inf, None, (text,))
    largest, drawn, problems = 0.0, None, []
    for name, expected in reference.outputs.items():
        got = np.asarray(answer[name], expected.dtype)
        if got.shape != expected.shape:
            problems.append(f"expected {name} of shape {expected.shape}, got {got.shape}")
            largest = np.inf
            continue
        rtol, atol, allowed = reference.tolerance[name]
        differs = ~np.isclose(got, expected, rtol, atol, equal_nan=True)
        with np.errstate(invalid="ignore"):  # inf - inf
            distance = np.abs(got.astype(float) - expected)
        distance = np.where(differs & ~np.isfinite(distance), np.inf, np.nan_to_num(distance))
        largest, share = max(largest, float(distance.max(initial=0))), float(differs.mean())
        if name == "samples":
            drawn = share
        if share > allowed:
            problems.append(f"{share:.2%} of {name} differ, by up to {distance.max():.3g}")
    return Comparison(largest, drawn, tuple(problems))

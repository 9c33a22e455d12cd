"""Latency and throughput of the signatures of an exported model.

The signatures are called in this process, as tf.saved_model.load returns them. The numbers do not
include a server's network, queue and batching.
"""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import dataclasses
import statistics
import time

import tensorflow as tf

from export.examples import example
from export.layout import model_card
from export.loading import load

HEADER = ("signature", "rows", "median ms", "90 % ms", "rows/s")


@dataclasses.dataclass(frozen=True)
class Measurement:
    """Seconds per call of one signature with `rows` rows: the median and the 90 % quantile."""

    name: str
    rows: int
    median: float
    slow: float

    def cells(self):
        """A line of the table."""
        times = [f"{1000 * seconds:.2f}" for seconds in (self.median, self.slow)]
        return (self.name, str(self.rows), *times, f"{self.rows / self.median:.0f}")


def measure(name, function, inputs, seconds):
    """Call a signature for about `seconds`, at least 10 times, after one call that is not counted.

    Args:
      name: the signature.
      function: the loaded signature.
      inputs: {name: array [N, ...]}.
      seconds: duration of the measurement.

    Returns:
      A Measurement.
    """
    given = {key: tf.constant(value) for key, value in inputs.items()}
    rows, times = len(next(iter(inputs.values()))), []
    function(**given)
    end = time.perf_counter() + seconds
    while len(times) < 10 or time.perf_counter() < end:
        start = time.perf_counter()
        for output in function(**given).values():
            output.numpy()  # Waits for the result and copies it, as a server would.
        times.append(time.perf_counter() - start)
    return Measurement(name, rows, statistics.median(times), statistics.quantiles(times, n=10)[-1])


def benchmark(folder, batch_sizes, seconds, names=None):
    """Measure the signatures of a version folder; yields one Measurement after the other.

    Args:
      folder: DIR/NAME/VERSION.
      batch_sizes: rows per request.
      seconds: for each signature and batch size.
      names: signatures; None for all.

    Raises:
      ValueError: the folder has no model card, an unknown signature, or a batch size over the
        limit of the export.
      SetupError: a file is damaged or missing.
    """
    card = model_card(folder)
    unknown = sorted(set(names or []) - set(card["signatures"]))
    if unknown:
        have = ", ".join(card["signatures"])
        raise ValueError(f"no signature {', '.join(unknown)}; there are: {have}")
    max_rows = card["limits"].get("max_rows")
    if max_rows is not None and max(batch_sizes) > max_rows:
        raise ValueError(
            f"a request to this model has at most {max_rows} rows, got batch size "
            f"{max(batch_sizes)}"
        )
    loaded = load(folder)
    for name in names or card["signatures"]:
        for rows in batch_sizes:
            inputs = example(card["signatures"][name]["inputs"], rows, card["limits"])
            yield measure(name, loaded[name], inputs, seconds)

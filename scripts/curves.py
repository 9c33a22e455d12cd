"""Curves of runs: python scripts/curves.py OUTPUT.png METRIC[,METRIC] RUN [RUN ...]

One panel per metric, one line per run folder: the validation rows of metrics.jsonl over the steps.
Needs matplotlib (pip install matplotlib).
"""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def rows(run, metric):
    """(steps, values) of the validation rows of a run folder."""
    lines = (pathlib.Path(run) / "metrics.jsonl").read_text().splitlines()
    found = [row for row in map(json.loads, lines) if row["split"] == "validation"]
    return [row["step"] for row in found], [row[metric] for row in found]


def main(output, metrics, *runs):
    """Draw and write the picture."""
    metrics = metrics.split(",")
    size = (4 * len(metrics), 3)
    figure, axes = plt.subplots(1, len(metrics), figsize=size, squeeze=False, layout="constrained")
    for panel, metric in zip(axes[0], metrics, strict=True):
        for run in runs:
            panel.plot(*rows(run, metric), marker=".", label=pathlib.Path(run).name)
        panel.set(xlabel="step", title=f"{metric}, nats per image")
        panel.grid(alpha=0.3)
    axes[0][0].legend()
    figure.savefig(output, dpi=110)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])

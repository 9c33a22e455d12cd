"""The flags of `python -m train.evaluate`, with a line for each metric and each size."""

from configs import catalog
from train import command_line
from train.evaluate.settings import SIZES

# {name: summary}, read from the source, because the metrics import TensorFlow.
METRICS = catalog.summaries("train.evaluate.metrics", "METRICS")

DESCRIPTION = f"""\
Evaluate a trained run: its likelihood, the information about x in z, the mixing of its chain, the
sharpness of its samples.

  RUN/evaluation/report.html     everything on one page, with pictures and plots
  RUN/evaluation/report.json     every number with its standard error, and the settings
  RUN/evaluation/metrics/        one file per finished metric: the same command continues from them
  RUN/tensorboard/evaluation/    numbers and pictures

Metrics:
{chr(10).join(f"  {name:20} {meaning}" for name, meaning in METRICS.items())}
"""
# Flags that are not passed to `evaluate` as they are.
OWN = ("debug", "metrics")


def parser():
    """The flags."""
    return command_line.parser("python -m train.evaluate", DESCRIPTION, _define)


def _define(made):
    command_line.add_source(made)
    made.add_argument(
        "--dataset", metavar="DATA", help="with --preset: another data set; a .keras file needs it"
    )
    made.add_argument("--binarize", metavar="HOW", help="with --preset: none, static or dynamic")
    made.add_argument(
        "--output",
        metavar="DIR",
        help="where to write; by default RUN/evaluation, or evaluation/NAME for a preset",
    )
    made.add_argument("--metrics", metavar="A,B", help="metrics to run; all by default")
    made.add_argument("--step", type=int, metavar="N", help="checkpoint; the newest by default")
    made.add_argument("--data_dir", metavar="DIR", help="TFDS data; else $TFDS_DATA_DIR")
    made.add_argument("--classifier", metavar="FILE", help="a .keras file of train.classifier")
    made.add_argument("--seed", type=int, default=0, help="of all random draws (%(default)s)")
    made.add_argument(
        "--mean",
        choices=("yes", "no"),
        help="samples are E[x|z] instead of draws x ~ p(x|z); default: yes for densities and for "
        "Bernoulli pixels on grey images",
    )
    made.add_argument("--overwrite", action="store_true", help="compute finished metrics again")
    sizes = made.add_argument_group("sizes (default, default of autoregressive families)")
    for name, size in SIZES.items():
        shown = f"{size.help} ({size.default}, {size.autoregressive})"
        sizes.add_argument(f"--{name}", type=int, metavar="N", help=shown)


def chosen(metrics):
    """The metrics to run, in the order of the table.

    Args:
      metrics: names, one name, or None for all.

    Raises:
      ValueError: no name, or an unknown one; the message lists the known names.
    """
    if metrics is None:
        return list(METRICS)
    metrics = metrics.split(",") if isinstance(metrics, str) else metrics
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise ValueError(f"unknown metric {', '.join(unknown)}; known: {', '.join(METRICS)}")
    if not metrics:
        raise ValueError(f"no metric is given; known: {', '.join(METRICS)}")
    return [name for name in METRICS if name in metrics]


def options(parsed):
    """The arguments of `evaluate` from parsed flags."""
    given = {name: value for name, value in vars(parsed).items() if name not in OWN}
    given["mean"] = {None: None, "yes": True, "no": False}[parsed.mean]
    if parsed.metrics is not None:
        given["metrics"] = [name for name in parsed.metrics.split(",") if name]
    return {**given, "debug": parsed.debug}

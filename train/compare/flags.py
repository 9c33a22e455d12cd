"""The flags of `python -m train.compare`."""

import os
import pathlib

from train import command_line
from train.files import check_name

DESCRIPTION = """\
Compare runs: what differs in their configurations, and what was measured.

  DIR/compare.html    tables, differences and curves on one page
  DIR/compare.csv     one line for each run

A RUN is a run folder, a preset's name or folder, or hf://user/name. Differences are those to the
first one. Standard errors come from `python -m train.evaluate`, so evaluate the runs first; what
training itself wrote (test.elbo, ...) has none.
"""
OUTPUT = "comparison"


def parser():
    """The flags."""
    return command_line.parser("python -m train.compare", DESCRIPTION, _define)


def _define(made):
    made.add_argument("sources", nargs="+", metavar="RUN", help="what to compare, two or more")
    made.add_argument(
        "--output", default=OUTPUT, metavar="DIR", help="where to write (%(default)s)"
    )


def check(sources, output):
    """Check what can be checked without TensorFlow.

    Raises:
      ValueError, FileNotFoundError: less than two runs, one twice, or a path that cannot be right.
    """
    if len(sources) < 2:
        raise ValueError(f"give two or more runs to compare, got {len(sources)}")
    if len({os.path.normpath(source) for source in sources}) < len(sources):
        raise ValueError(f"one run is given twice: {' '.join(sources)}")
    for source in sources:
        check_name("a run", source)
        if os.sep in source and "://" not in source and not pathlib.Path(source).is_dir():
            raise FileNotFoundError(f"no folder {source}")
    if not output:
        raise ValueError("--output must name a folder")
    check_name("the output folder", output)

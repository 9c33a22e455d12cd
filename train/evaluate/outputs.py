"""Write an evaluation: the table, report.json, report.html, TensorBoard."""

import json

from train.evaluate import page, table, tensorboard
from train.files import write_whole


def write(report, sections, output, workdir, say):
    """Print the table and write the files.

    Args:
      report: dict for JSON.
      sections: {metric: Section} of the metrics that are done.
      output: the folder of the reports.
      workdir: the run folder, for TensorBoard.
      say: called with each line for the user.

    Raises:
      OSError: a report cannot be written. A failure of TensorBoard is only reported by `say`.
    """
    say("\n" + table.text(report, sections) + "\n")
    as_json = json.dumps(report, indent=2, allow_nan=False) + "\n"
    write_whole(output / "report.json", as_json)
    write_whole(output / "report.html", page.html(report, sections))
    try:
        tensorboard.write(report, sections, workdir)
    except OSError as error:
        say(f"TensorBoard: nothing written, {error}")
    say(f"Report: {output / 'report.html'}")

"""evaluate: load a run, compute or reuse each metric, store it, write the reports."""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import importlib.metadata
import pathlib
import platform
import time
import traceback

from tfgvae.messages import reason
from train import files, sources
from train import workdir as folders
from train.errors import SetupError, as_setup_error
from train.evaluate import outputs, storage
from train.evaluate.flags import chosen
from train.evaluate.metrics import METRICS, meaning
from train.evaluate.opening import open_evaluation
from train.evaluate.progress import Progress
from train.evaluate.section import NotApplicable
from train.opened import open_run

PACKAGES = ("tfgvae", "tensorflow", "keras", "tensorflow-probability", "numpy")


def failed(report):
    """Names of the metrics of a report that failed."""
    return [name for name, entry in report["metrics"].items() if entry["status"] == "failed"]


def versions():
    """{package: version} of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # Run from its folder, not installed.
            found[name] = "not installed"
    return found


class Evaluation:
    """Runs the metrics of one evaluation.

    Args:
      context: a Context.
      store: a Store.
      progress: a Progress.
      overwrite: compute stored metrics again.
      debug: print the traceback of a metric that fails.
    """

    def __init__(self, context, store, progress, overwrite=False, debug=False):
        self.context = context
        self.store = store
        self.progress = progress
        self.overwrite = overwrite
        self.debug = debug

    def run(self, name):
        """One metric: (entry of the report, Section or None)."""
        self.progress.start(name)
        found = None if self.overwrite else self.stored(name)
        if found:
            self.progress.end("as computed before")
            return found
        self.context.used.clear()
        begun = time.monotonic()
        try:
            section = METRICS[name](self.context)
            section.check()
            spent = time.monotonic() - begun
            body = self.store.write(name, section, dict(self.context.used), spent)
        except NotApplicable as why:
            self.progress.end(f"left out. {why}")
            return self._without(name, "left out", str(why))
        except Exception as error:  # A metric that fails does not stop the others.
            if self.debug:
                traceback.print_exc()
            said = f"{type(error).__name__}: {reason(error)}"
            self.progress.end(f"FAILED: {said}")
            return self._without(name, "failed", said)
        self.progress.end("done", spent)
        return self._done(name, section, body)

    def stored(self, name):
        """The same for a metric that was finished with the same settings before, or None."""
        found = self.store.read(name, self.context.settings)
        return found and self._done(name, *found)

    def _done(self, name, section, body):
        pictures = [
            {
                "file": f"metrics/{self.store.picture_path(name, about['name']).name}",
                "caption": about["caption"],
            }
            for about in body["pictures"]
        ]
        kept = {key: body[key] for key in ("settings", "seconds")}
        entry = {"status": "done", "meaning": meaning(name), **kept, **body["section"]}
        return {**entry, "pictures": pictures}, section

    def _without(self, name, status, said):
        return {"status": status, "meaning": meaning(name), "reason": said}, None


def open_data_of(preset, data_dir, dataset, binarize):
    """A preset or a .keras file with data, as train.opened.Opened."""
    if preset.endswith(sources.KERAS) and dataset is None:
        raise ValueError(f"{preset} does not say what data it is for: give --dataset")
    return sources.open_source(preset, data_dir, dataset, binarize)


def evaluate(
    workdir=None,
    metrics=None,
    output=None,
    *,
    preset=None,
    dataset=None,
    binarize=None,
    step=None,
    data_dir=None,
    classifier=None,
    mean=None,
    seed=0,
    overwrite=False,
    debug=False,
    say=print,
    command=None,
    **sizes,
):
    """Evaluate a run or a preset: reuse finished metrics, compute the others, report all.

    Args:
      workdir: the run folder, or None.
      metrics: names of train.evaluate.metrics.METRICS, or one name; None for all.
      output: the folder for report.html, report.json and metrics/; None: workdir/evaluation, or
        evaluation/NAME of a preset.
      preset: instead of workdir, a preset (name, folder, "hf://user/name") or a .keras file.
      dataset, binarize: with `preset`, other data; a .keras file needs a data set.
      step: the checkpoint's training step; None for the newest.
      data_dir: TFDS data; None: $TFDS_DATA_DIR, else as in training.
      classifier: a .keras file of train.classifier; samples are compared by its features. None
        trains one if the data have labels.
      mean: whether samples are E[x|z]; None: see loading.shows_mean.
      seed: an int, the seed of all random draws.
      overwrite: compute finished metrics again.
      debug: print the traceback of a metric that fails.
      say: called with each line for the user.
      command: the command line that the report shows.
      **sizes: any of train.evaluate.settings.SIZES; None is the default.

    Returns:
      The content of report.json. A metric's "status" is "done", "left out" or "failed".

    Raises:
      train.errors.SetupError: no such run, metric, checkpoint or data; a size out of range.
    """
    with as_setup_error():
        names = chosen(metrics)
        if preset is None:
            output = pathlib.Path(output or pathlib.Path(workdir) / "evaluation")
            files.check_name("the output folder", output)
            opened = open_run(workdir, step, data_dir, say)
        else:
            opened = open_data_of(preset, data_dir, dataset, binarize)
            output = pathlib.Path(output or pathlib.Path("evaluation") / sources.name_of(preset))
            files.check_name("the output folder", output)
        context, fixed, about = open_evaluation(opened, output, classifier, mean, seed, sizes, say)
        about = {"workdir": str(workdir if preset is None else preset), **about}
        output.mkdir(parents=True, exist_ok=True)
    with folders.lock(output, "evaluating into"):
        for unfinished in (output, output / "metrics"):
            files.clean(unfinished)
        progress = Progress(say, len(names))
        context.progress = progress
        store = storage.Store(output / "metrics", fixed)
        evaluation = Evaluation(context, store, progress, overwrite, debug)
        # The report also has the metrics that an earlier command finished.
        results = {
            name: evaluation.run(name) if name in names else evaluation.stored(name)
            for name in METRICS
        }
        results = {name: found for name, found in results.items() if found}
        report = {
            **about,
            "command": command or "train.evaluate.evaluate",
            "versions": versions(),
            "metrics": {name: entry for name, (entry, _) in results.items()},
        }
        sections = {name: section for name, (_, section) in results.items() if section}
        try:
            # TensorBoard shows runs; a preset has no folder to write to.
            outputs.write(report, sections, output, workdir if preset is None else output, say)
        except OSError as error:
            raise SetupError(f"cannot write the report into {output}: {error}") from error
    return report

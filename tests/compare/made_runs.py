"""Run folders without a model: a configuration, metrics of training, an evaluation."""

import json

import configs
from configs.fields import flat
from train.configuration import as_json

SETTINGS = {"num_images": 100}


def run_folder(folder, config=None, test=None, evaluated=None, steps=(2, 4), settings=SETTINGS):
    """A run folder.

    Args:
      folder: where.
      config: {key: value} that differ from the recipe vae.
      test: {term: value} of the test row; None: the run has not finished.
      evaluated: {name: (value, standard error)} of the metric log_likelihood; None: no report.
      steps: steps of the validation rows.
      settings: those of the evaluation.
    """
    folder.mkdir(parents=True)
    made = configs.get_config("vae")
    made.update_from_flattened_dict(config or {})
    assert set(config or {}) <= set(flat(made))
    (folder / "config.json").write_text(json.dumps(as_json(made)))
    rows = [{"step": s, "split": "validation", "elbo": -40.0 + s, "kl": None} for s in steps]
    if test is not None:
        rows.append({"step": steps[-1], "split": "test", **test})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if evaluated is not None:
        (folder / "evaluation").mkdir()
        report = _report(evaluated, steps[-1], settings)
        (folder / "evaluation" / "report.json").write_text(json.dumps(report))
    return folder


def _report(evaluated, step, settings):
    numbers = {
        name: {
            "value": value,
            "standard_error": error,
            "kind": "estimate",
            "unit": "nats",
            "count": 100,
            "meaning": "<b>A number & more.</b>",
        }
        for name, (value, error) in evaluated.items()
    }
    metrics = {
        "log_likelihood": {"status": "done", "numbers": numbers},
        "frechet": {"status": "left out", "reason": "no classifier"},
    }
    return {"metrics": metrics, "checkpoint": {"step": step}, "settings": settings}

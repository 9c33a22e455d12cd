"""Runs in half precision, in parts, under XLA: their flags, folders, resumes and refusals."""

import json
import shutil

import keras
import numpy as np
import pytest

import configs
import tfgvae
from tests.conformance.rounding import UNIT, assert_within_rounding
from tests.train import tiny_runs as tiny
from tfgvae import runs
from train import build, configuration, run
from train.datasets import Datasets
from train.errors import SetupError
from train.loop import train_and_evaluate
from train.loss_scaling import LossScaling


def config(precision="float32", **train):
    made = tiny.config(**train)
    made.mapping.update(name="mlp", width=None)  # traced in half the time
    made.precision = precision
    made.pictures.num = 0
    return made


def silent(line):
    pass


QUICK = {"vae", "pixelvae", "infusion"}


@pytest.mark.parametrize("policy", UNIT)
@pytest.mark.parametrize(
    "recipe",
    [r if r in QUICK else pytest.param(r, marks=pytest.mark.slow) for r in configs.RECIPES],
)
def test_every_recipe_is_float32s_up_to_rounding(recipe, policy, tiny_config):
    """The first step on digits, the model made from the configuration of a run."""
    made = tiny_config(recipe)
    data = Datasets(made)
    full = build.model(made, data.training_info)
    batch = next(iter(data.training(full.family, 0)))
    if full.family.wants_initialization:
        full.initialize(batch)
    made.precision = policy
    mixed = build.model(made, data.training_info)
    assert mixed.dtype_policy.name == policy
    assert keras.config.dtype_policy().name == "float32"
    assert_within_rounding(full, mixed, batch, UNIT[policy])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """(folder, model) of a run of 4 steps in float16, a checkpoint every 2, with averages."""
    folder = tmp_path_factory.mktemp("finished")
    options = {"clip_norm": 0.5, "ema_momentum": 0.7}
    model, _ = train_and_evaluate(config("mixed_float16", **options), folder, "one", say=silent)
    return folder, model


@pytest.mark.slow
def test_a_run_in_float16_says_its_scale_and_its_skipped_steps(finished):
    folder, model = finished
    assert runs.read_config(folder)["precision"] == "mixed_float16"
    assert isinstance(model.optimizer, LossScaling)
    rows = [row for row in runs.read_metrics(folder) if row["split"] == "train"]
    assert len(rows) == 4
    skipped = rows[-1]["skipped_steps"]
    assert rows[-1]["loss_scale"] == 2.0 ** (15 - skipped)
    assert int(model.optimizer.iterations.numpy()) == 4 - skipped


@pytest.mark.slow
def test_a_run_in_float16_resumes_bit_for_bit(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    runs.checkpoint_path(tmp_path, 4).unlink()
    assert run.main(["run", f"--workdir={tmp_path}"]) == 0
    for name in ("checkpoints/step_00000004.keras",):
        ours, theirs = (
            keras.models.load_model(folder / name) for folder in (finished[0], tmp_path)
        )
        pairs = zip(
            (*ours.weights, *ours.optimizer.variables),
            (*theirs.weights, *theirs.optimizer.variables),
            strict=True,
        )
        for a, b in pairs:
            np.testing.assert_array_equal(b.numpy(), a.numpy(), err_msg=a.path)


def test_it_is_loaded_in_float32_with_its_averages(finished):
    folder, model = finished  # The trained model has the averages, too.
    loaded = tfgvae.load(folder)
    assert loaded.dtype_policy.name == "float32"
    for a, b in zip(model.trainable_variables, loaded.trainable_variables, strict=True):
        np.testing.assert_array_equal(b.numpy(), a.numpy(), err_msg=a.path)
    assert loaded.mapping.compute_dtype == loaded.inference.compute_dtype == "float32"


def test_another_precision_is_another_run(finished):
    with pytest.raises(SetupError, match=r"precision: .*mixed_float16.*float32"):
        train_and_evaluate(config(steps=5), finished[0], "one", say=silent, given={"precision"})


def test_a_folder_without_these_fields_is_a_float32_run(tmp_path):
    """A config.json of an earlier version."""
    made = configuration.settle(config(), tmp_path).config
    old = configuration.as_json(made)
    del old["precision"], old["train"]["accumulate"], old["train"]["jit"]
    (tmp_path / "config.json").write_text(json.dumps(old))
    resumed = configuration.settle(config(), tmp_path).config
    assert resumed.precision == "float32"
    assert resumed.train.accumulate == 1 and resumed.train.jit is False


def last_loss(folder):
    rows = [row for row in runs.read_metrics(folder) if row["split"] == "train"]
    return rows[-1]["loss"]


@pytest.mark.slow
def test_a_run_in_parts_and_under_xla_has_the_losses_of_a_plain_one(tmp_path):
    plain, other = tmp_path / "plain", tmp_path / "other"
    train_and_evaluate(config(), plain, "one", say=silent)
    train_and_evaluate(config(accumulate=4, jit=True), other, "one", say=silent)
    assert runs.read_config(other)["train"]["accumulate"] == 4
    assert last_loss(other) == pytest.approx(last_loss(plain), rel=1e-5)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--config.precision=half"], "precision must be one of float32, mixed_bfloat16"),
        (["--config.train.accumulate=3"], "batch_size must be a multiple of train.accumulate = 3"),
        (["--config.train.accumulate=0"], "train.accumulate must be >= 1, got 0"),
        (
            ["--config.train.accumulate=2", "--config.regularizer.name=mmd"],
            "MMD compares whole batches with the prior, and accumulate = 2 shows it parts",
        ),
        (
            ["--config.train.accumulate=2", "--config.regularizer.free_bits=0.1"],
            "KL compares whole batches",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(flags, said, tmp_path, capsys):
    assert run.main(["run", *tiny.SMALLEST, f"--workdir={tmp_path / 'run'}", *flags]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_batch_norm_in_parts_is_said(tmp_path):
    said = []
    made = config(accumulate=2, steps=1)
    made.inference.norm = "batch"
    train_and_evaluate(made, tmp_path, "one", say=said.append)
    assert any("moments of 4 images at a time" in line for line in said)

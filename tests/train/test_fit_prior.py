"""train.fit_prior: a run folder with the weights of another one and a prior fitted to its codes."""

import shlex

import numpy as np
import pytest

from tests.train import tiny_runs as tiny
from tfgvae import runs
from tfgvae.priors.mixture import Mixture
from tfgvae.regularizers.none import is_untied
from train import fit_prior as command
from train import flags
from train.configuration import read
from train.errors import SetupError
from train.loop import train_and_evaluate
from train.publish import origin

STEPS = 4


def silent(line):
    pass


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """(the folder of a run with averages, the folder that was made of it)."""
    folder = tmp_path_factory.mktemp("fitted")
    times = {"steps": STEPS, "warmup_steps": 0, "checkpoint_every": 2}
    config = tiny.config("vae", ema_momentum=0.5, **times)
    config.pictures.num = 0
    config.regularizer.name = "none"
    train_and_evaluate(config, folder / "run", "one", say=silent)
    options = {"components": 2, "num_images": 200, "seed": 3}
    command.fit_prior(folder / "run", folder / "new", say=silent, **options)
    return folder / "run", folder / "new"


def test_it_has_the_weights_and_the_prior(fitted):
    before, after = map(runs.load, fitted)
    assert isinstance(after.latent_prior, Mixture) and after.latent_prior.components == 2
    assert is_untied(before) and not is_untied(after)
    assert int(after.train_batches) == int(before.train_batches) == STEPS
    for part in ("inference", "mapping"):
        ours, theirs = (getattr(m, part).get_weights() for m in (after, before))
        assert ours and all(map(np.array_equal, ours, theirs))
    images = np.random.default_rng(0).random((200, 8, 8, 1)).astype(np.float32)
    before.fit_prior(images, components=2)  # The same kind of prior, from other codes.
    ours, theirs = (m.latent_prior.get_weights() for m in (after, before))
    assert [w.shape for w in ours] == [w.shape for w in theirs]


def test_it_is_a_finished_run_with_its_own_test_metrics(fitted):
    before, after = map(runs.read_metrics, fitted)
    assert [(row["step"], row["split"]) for row in after] == [(STEPS, "test")]
    assert after[-1]["nll"] == pytest.approx(before[-1]["nll"], rel=1e-5)  # z ~ q as before.
    assert after[-1]["kl"] != before[-1]["kl"]
    lines = []
    config, _ = read(fitted[1])
    train_and_evaluate(config, fitted[1], "one", say=lines.append)
    assert any("has finished" in line for line in lines)


def test_the_card_has_both_command_lines(fitted):
    config, _ = read(fitted[1])
    training, fit = origin.command(config).split(" && ")
    parsed = flags.parse(["train.run", *shlex.split(training)[3:]])
    assert parsed.config.prior.name is None and parsed.config.regularizer.name == "none"
    asked = command.parser().parse_args(shlex.split(fit)[3:])
    assert (asked.prior, asked.components, asked.num_images, asked.seed) == ("mixture", 2, 200, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workdir={run}", "--output={run}"], "is there: give another --output"),
        (["--workdir={run}", "--output=x", "--prior=flow", "--components=2"], "belongs to"),
        (["--workdir={run}", "--output=x", "--components=0"], "components must be"),
        (["--workdir=nothing", "--output=x"], "nothing"),
    ],
)
def test_what_is_refused(fitted, arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command.main([a.format(run=fitted[0]) for a in arguments]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "x").exists()


def test_a_chain_takes_no_fitted_prior(tmp_path):
    config = tiny.config("infusion", steps=1, warmup_steps=0)
    config.pictures.num = 0
    train_and_evaluate(config, tmp_path / "run", "one", say=silent)
    with pytest.raises(SetupError, match="a chain"):
        command.fit_prior(tmp_path / "run", tmp_path / "new", say=silent)

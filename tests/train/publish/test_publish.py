"""train.publish: what it refuses, what the card says, whole folders or none."""

import json
import shlex
import shutil

import numpy as np
import pytest

import tfgvae
from tests.train import tiny_runs as tiny
from tests.zoo.tiny_presets import published, quiet
from tfgvae.zoo import arrays, cards, stored
from train import flags, run
from train.configuration import as_json
from train.errors import SetupError
from train.publish import __main__ as command
from train.publish import card as describing
from train.publish import origin, precision, publish


def test_a_run_without_an_evaluation_is_refused(workdir, tmp_path, capsys):
    bare = shutil.copytree(workdir, tmp_path / "bare")
    shutil.rmtree(bare / "evaluation")
    asked = [f"--workdir={bare}", f"--output={tmp_path / 'out'}", "--name=a"]
    assert command.main(asked) == 2
    said = capsys.readouterr().err
    assert "was not evaluated" in said and "train.evaluate --workdir=" in said
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_that_changed_since_is_refused(workdir, tmp_path):
    changed = shutil.copytree(workdir, tmp_path / "changed")
    path = changed / "evaluation" / "report.json"
    report = json.loads(path.read_text())
    report["checkpoint"]["sha256"] = "0" * 64
    path.write_text(json.dumps(report))
    with pytest.raises(SetupError, match="has changed since it was evaluated"):
        published(changed, tmp_path / "out")


@pytest.mark.parametrize("text", ["{}", '{"metrics": 3}', '{"metrics": {"a": {}}}', "[1"])
def test_a_damaged_evaluation_is_named(workdir, tmp_path, text):
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(ValueError, match=r"report\.json is"):
        describing.report_of(workdir, tmp_path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"description": "Short."}, "--description must have at least 20 characters, got 'Short.'"),
        ({"limits": ("A sentence.", "")}, "--limit.0. must have at least 1 character, got ''"),
        ({"licence": ""}, "--licence must have"),
        ({"data_licence": ""}, "--data_licence must have"),
        ({"machine": ""}, "--machine must have"),
        ({"cpu_seconds": -1.0}, "--cpu_seconds must be >= 0"),
        ({"cpu_seconds": float("inf")}, "--cpu_seconds must be finite"),
    ],
)
def test_what_the_card_cannot_hold_is_refused_at_once(tmp_path, given, said):
    """Before the run is opened: there is none."""
    with pytest.raises(SetupError, match=said):
        published(tmp_path / "no run", tmp_path / "out", **given)


def test_the_weights_come_back(workdir, preset):
    before, after = arrays.of(tfgvae.load(workdir)), arrays.of(tfgvae.from_preset(preset))
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_float16_is_measured(workdir, tmp_path):
    lines = []
    folder = published(workdir, tmp_path, dtype="float16", say=lines.append)
    card = cards.read(folder)
    assert card["weights"]["dtype"] == "float16" and card["weights"]["change"] >= 0
    assert "measured: python -m train.evaluate --preset=tiny" in "\n".join(lines)
    before, after = arrays.of(tfgvae.load(workdir)), arrays.of(tfgvae.from_preset(folder))
    expected = precision.rounded(before, "float16")
    assert all(np.array_equal(expected[name], after[name]) for name in before)
    assert (folder / cards.WEIGHTS).stat().st_size < 2**20


@pytest.mark.parametrize(
    ("asked", "changes", "stored_as"),
    [
        ("auto", {"float16": 0.09}, "float16"),
        ("auto", {"float16": 0.11}, "float32"),
        ("auto", {"float16": None}, "float32"),
        ("short", {"short": 0.09}, "short"),
        ("short", {"short": 0.11, "float16": 0.09}, "float16"),
        ("short", {"short": 0.2, "float16": 0.11}, "float32"),
    ],
)
def test_the_headline_is_kept(workdir, tmp_path, monkeypatch, asked, changes, stored_as):
    monkeypatch.setattr(publish.precision, "change", lambda *given: changes[given[4]])
    card = cards.read(published(workdir, tmp_path, dtype=asked))
    assert card["weights"]["dtype"] == stored_as
    assert card["weights"]["change"] == changes.get(stored_as)


def test_short_numbers_are_float16_of_seven_bits_of_fraction():
    """All finite float16: to the nearest multiple of the eighth bit, and of two the even one."""
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    assert np.isnan(stored.narrowed(every[np.isnan(every)], "short")).all()
    every = every[np.isfinite(every)]
    short = stored.narrowed(every.astype(np.float32), "short")
    assert short.dtype == np.float16 and not (short.view(np.uint16) & 7).any()
    assert np.array_equal(stored.narrowed(short, "short"), short)
    # The spacing of such numbers is 2^-7 of the power of two below, and that of the smallest ones.
    exponent = np.maximum(np.frexp(np.abs(every.astype(np.float64)))[1] - 1, -14)
    expected = np.round(every / 2.0 ** (exponent - 7)) * 2.0 ** (exponent - 7)
    finite = np.abs(expected) <= np.finfo(np.float16).max
    assert np.array_equal(short[finite].astype(np.float64), expected[finite])
    assert not np.isfinite(short[~finite]).any()
    counts = np.arange(3)
    assert stored.narrowed(counts, "short") is counts


def test_a_weight_beyond_float16_stays_float32():
    weights = {"a": np.array([1.0, 1e6], np.float32)}
    with pytest.raises(ValueError, match="finite weights, got others in a as float16"):
        stored.pack(weights, "float16")


def test_an_existing_folder_is_kept_or_replaced_whole(workdir, tmp_path, monkeypatch):
    folder = published(workdir, tmp_path)
    with pytest.raises(SetupError, match="exists: give another --name, or --overwrite"):
        published(workdir, tmp_path)
    before = (folder / cards.CARD).read_bytes()

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(publish, "_check_written", fail)
    with pytest.raises(SetupError, match="the disk is full"):
        published(workdir, tmp_path, overwrite=True)
    assert (folder / cards.CARD).read_bytes() == before
    monkeypatch.undo()
    published(workdir, tmp_path, overwrite=True, description="Another text for the same model.")
    assert cards.read(folder)["description"].startswith("Another")
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(SetupError, match="has files that are no preset's"):
        published(workdir, tmp_path, overwrite=True)


@pytest.mark.parametrize("name", ["a/b", "", ".hidden", "a b"])
def test_a_name_is_a_name(workdir, tmp_path, name):
    with pytest.raises(SetupError, match="a preset's name is"):
        published(workdir, tmp_path, name)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--model=seqvae"],
        ["--model=seqvae", "--steps=7", "--seed=3", "--config.model.dense=(64,32)"],
        ["--model=gvae", "--config.regularizer.name=mmd", "--config.regularizer.weight=10"],
        ["--model=pixelvae", "--dataset=digits", "--config.regularizer.name=none"],
        ["--model=vae", "--config.data.binarize=dynamic", "--config.label_condition"],
    ],
)
def test_the_command_line_of_a_card_gives_the_same_run(arguments, tmp_path):
    def settled(argv):
        from train import configuration

        asked = flags.parse(["run", *argv, f"--workdir={tmp_path / 'none'}"])
        return configuration.settle(asked.config, asked.folder, asked.given).config

    first = settled(arguments)
    again = settled(shlex.split(origin.command(first))[3:])
    assert as_json(again) == as_json(first)


def test_the_time_of_a_run_is_that_of_its_steps(tmp_path):
    rows = [
        {"step": 50, "split": "train", "images_per_second": 100.0},
        {"step": 50, "split": "validation"},
        {"step": 80, "split": "train", "images_per_second": 30.0},
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert origin.seconds(tmp_path, 10) == 50 * 10 / 100 + 30 * 10 / 30


# --- a new run from trained weights -----------------------------------------------------------


def test_a_run_starts_from_a_preset(preset, tmp_path):
    from train import sources

    trained = sources.trained(str(preset))
    new = tfgvae.GVAE.from_config({**trained.get_config(), "seed": 5})
    arrays.start_from(new, trained)
    before, after = arrays.of(trained), arrays.of(new)
    floats = [name for name, array in before.items() if array.dtype.kind == "f"]
    assert all(np.array_equal(before[name], after[name]) for name in floats)
    assert int(new.train_batches) == 0 and int(trained.train_batches) == int(
        tfgvae.from_preset(preset).train_batches
    )


def test_the_regularizer_of_the_new_run_may_be_another(preset):
    trained = tfgvae.from_preset(preset)
    config = {**trained.get_config(), "regularizer": "mmd"}
    arrays.start_from(tfgvae.GVAE.from_config(config), trained)


def test_other_layers_are_named(preset):
    trained = tfgvae.from_preset(preset)
    other = tfgvae.GVAE.from_config({**trained.get_config(), "mapping": "conv"})
    with pytest.raises(ValueError, match=r"do not fit this GVAE: \S+/vars/\d+ (is|must)"):
        arrays.start_from(other, trained)


@pytest.mark.slow
def test_init_from_of_the_command(tmp_path):
    from train.loop import train_and_evaluate

    first, second = tiny.config(steps=2), tiny.config(steps=2, learning_rate=1e-9)
    for config in (first, second):
        config.pictures.num = 0
    trained, _ = train_and_evaluate(first, tmp_path / "first", "one", say=quiet)
    second.init_from = str(tmp_path / "first")
    lines = []
    fine, _ = train_and_evaluate(second, tmp_path / "second", "one", say=lines.append)
    assert any(line.startswith("First weights: ") for line in lines)
    pairs = zip(trained.trainable_variables, fine.trainable_variables, strict=True)
    assert all(np.allclose(a, b, atol=1e-6) for a, b in pairs)
    held = json.loads((tmp_path / "second" / "config.json").read_text())
    assert held["init_from"] == str(tmp_path / "first")
    other = tiny.config(steps=2)
    other.model.latent_dim = 5
    other.init_from = str(tmp_path / "first")
    with pytest.raises(SetupError, match=r"--init_from=.*do not fit this GVAE"):
        train_and_evaluate(other, tmp_path / "third", "one", say=quiet)
    assert not (tmp_path / "third").exists()


@pytest.mark.slow
def test_a_fixed_q_needs_no_classifier_file(tmp_path):
    """The preset holds the network; a run from its weights, and its resume, use that one."""
    folder = tmp_path / "run"
    for steps in (1, 2):
        source = ["--init_from=fixedq-digits"] if steps == 1 else []
        asked = [f"--workdir={folder}", f"--steps={steps}", "--config.pictures.num=0"]
        assert run.main(["run", *source, *asked]) == 0
    trained, own = tfgvae.from_preset("fixedq-digits"), tfgvae.load(folder)
    for ours, theirs in zip(
        own.inference.network.weights, trained.inference.network.weights, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


# --- a bare file ------------------------------------------------------------------------------


def test_a_file_loads_and_is_opened(preset, tmp_path):
    from train import sources

    model = tfgvae.from_preset(preset)
    path = tmp_path / "mine.keras"
    model.save(path)
    loaded = tfgvae.load(path)
    assert np.array_equal(model.ancestral_sample(2, seed=0), loaded.ancestral_sample(2, seed=0))
    opened = sources.open_source(str(path), dataset="digits")
    assert opened.config.model.name == "gvae" and opened.config.inference.name == "gaussian"
    images, _ = opened.images(3)
    assert images.shape == (3, *model.image_shape)
    with pytest.raises(ValueError, match="has no steps"):
        tfgvae.load(path, step=3)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"mine\.keras cannot be loaded"):
        tfgvae.load(path)
    with pytest.raises(ValueError, match=r"is a preset: use tfgvae\.from_preset"):
        tfgvae.load(preset)

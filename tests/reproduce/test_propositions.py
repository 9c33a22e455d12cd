"""Every row is as expected, for any seed; a wrong q or P changes the verdict."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from train.errors import SetupError
from train.reproduce import propositions, reproduce
from train.reproduce.context import Context
from train.reproduce.propositions import (
    eq3_naive,
    finite,
    members,
    prop1_nearest_member,
    prop2_gibbs,
    prop2_reducible,
    prop3_ancestral,
    prop4_squared_error,
    prop5_sequential,
)
from train.reproduce.propositions.settings import Settings

TINY = Settings(
    binary=(2, 2),
    num_z=4,
    grey=(1, 2, 3),
    grey_z=3,
    chain_length=3,
    step_z=2,
    small=(1, 2),
    restarts=16,
    num_chains=10**7,
    steps=1500,
)
SPACE = finite.images(2, 2, 2)
EVERY, PIXELS = members.Simplex(16), members.Factorised(SPACE, 2)


def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def free():
    """A q(x|z) whose pixels are not independent."""
    return finite.random_joint(16, 4, rng())


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", propositions.PROPOSITIONS)
def test_every_row_is_as_expected(name, seed):
    rows, _ = propositions.PROPOSITIONS[name](TINY, propositions.generator(seed, name))
    wrong = [row for row in rows if not row.as_expected]
    assert rows and not wrong
    assert any(row.expected == "fails" for row in rows)


def verdicts(rows):
    return {row.verdict for row in rows}


def test_sabotage_of_q_turns_proposition_2(free):
    """The rows that hold where the pixels of q(x|z) are independent fail where they are not."""
    mixture = prop2_gibbs.factorised_joint(PIXELS, 4, rng())
    arguments = (PIXELS, "", "met", TINY)
    good, _ = prop2_gibbs.irreducible(mixture, *arguments, rng())
    bad, _ = prop2_gibbs.irreducible(free, *arguments, rng())
    assert verdicts(good) == {"holds"}
    assert not any(row.as_expected for row in bad if row.claim != good[-1].claim)
    # A slightly wrong q, one part in fifty, is seen.
    mixed = finite.Joint(mixture.data, 0.98 * mixture.inference + 0.02 * free.inference)
    slightly, _ = prop2_gibbs.irreducible(mixed, *arguments, rng())
    assert not all(row.as_expected for row in slightly)


def test_the_repair_of_p_turns_the_broken_case(free):
    rows, _ = prop2_gibbs.irreducible(free, EVERY, "", "broken", TINY, rng())
    assert verdicts(rows) == {"holds"} and not any(row.as_expected for row in rows)


def test_sabotage_of_the_prior_turns_proposition_3(free):
    def verdict(prior):
        return prop3_ancestral.sampled(free, EVERY, prior, "", "met", TINY, rng()).verdict

    assert verdict(free.aggregate) == "holds"
    assert verdict(0.95 * free.aggregate + 0.05 * np.eye(4)[0]) == "fails"


def test_codes_that_tell_something_do_not_collapse(free):
    """The naive bound's rows, with z drawn from q(z|x) instead of p(z)."""
    rows = eq3_naive.collapsed(free.data, free.inference, EVERY, "", TINY, rng())
    assert verdicts(rows) == {"fails"}


def test_sabotage_of_the_family_turns_proposition_4(free):
    points = SPACE.astype(float)
    assert verdicts(
        prop4_squared_error.fitted(free, members.Gaussian(points), "met", TINY, rng())
    ) == {"holds"}
    rows = prop4_squared_error.fitted(free, members.Laplace(points), "met", TINY, rng())
    assert "holds" not in verdicts(rows)


def test_too_little_training_is_undecided(free):
    """A training that does not reach the optimum does not count as a proposition that fails."""
    short = dataclasses.replace(TINY, steps=5)
    row = prop1_nearest_member.tabular(free, PIXELS, "", short, rng())[0]
    assert row.verdict == "undecided" and not row.as_expected


def test_a_chain_of_one_class_is_not_stuck(free):
    """With one class instead of four, q leads everywhere: the row expected to fail holds."""
    rows, _ = prop2_reducible.rows(free.data, 1, "", TINY, rng())
    assert [row.verdict for row in rows] == ["holds"] * 3


def test_variance_by_step_is_that_of_all_codes_together():
    """V_t by the chain of means against E Var[x | z(1), ..., z(t)], enumerated with no chain.

    The two are equal where the means of all histories differ, as they do for random laws.
    """
    points = finite.images(1, 2, 3) / 2
    data = finite.random_law((9,), rng())
    inferences = [finite.random_law((9, 2), np.random.default_rng(i)) for i in range(3)]
    state = data[None]
    together = data[:, None]
    for inference in inferences:
        _, left, state = prop5_sequential.step(state, inference, points)
        together = (together[:, :, None] * inference[:, None]).reshape(9, -1)
        expected = 0.0
        for column in together.T:
            law = column / column.sum()
            mean = law @ points
            expected += column.sum() * (law @ ((points - mean) ** 2).sum(1))
        assert left == pytest.approx(expected)


@pytest.mark.slow
def test_an_interrupted_run_goes_on_and_a_finished_one_is_not_run_twice(tmp_path, monkeypatch):
    tiny = dataclasses.replace(TINY, num_chains=10**6)
    names = ("2", "3", "5")
    table = {name: propositions.PROPOSITIONS[name] for name in names}
    calls, said = [], []
    context = Context(tmp_path, say=said.append)

    def stops(settings, rng):
        raise KeyboardInterrupt

    def counted(name):
        return lambda settings, rng: calls.append(name) or table[name](settings, rng)

    counting = {name: counted(name) for name in names}
    monkeypatch.setattr(propositions, "PROPOSITIONS", {**counting, "5": stops})
    with pytest.raises(KeyboardInterrupt):
        propositions.run(context, tiny)
    propositions.PROPOSITIONS["5"] = counting["5"]
    propositions.run(context, tiny)
    check_files(tmp_path, names)
    monkeypatch.setattr(propositions, "write_figure", lambda *_: None)  # It takes seconds.
    propositions.run(context, tiny)
    assert calls == ["2", "3", "5"]
    assert any("rows as expected." in line for line in said)
    # Another seed is another table.
    propositions.run(dataclasses.replace(context, seed=1), tiny)
    assert calls == ["2", "3", "5"] * 2


def check_files(folder, names):
    report = json.loads((folder / "propositions.json").read_text())
    assert report["finished"] == list(names) and report["seed"] == 0
    with open(folder / "propositions.csv") as file:
        lines = list(csv.DictReader(file))
    assert [line["quantity"] for line in lines] == [row["quantity"] for row in report["rows"]]
    assert all(row["as_expected"] for row in report["rows"])
    assert (folder / "propositions.pdf").read_bytes().startswith(b"%PDF")
    assert min(Image.open(folder / "propositions.png").size) > 500
    assert {path.suffix for path in folder.iterdir()} == {".json", ".csv", ".png", ".pdf"}


def test_a_run_is_a_function_of_its_seed():
    def solved(seed):
        return [
            row.as_dict()
            for row in prop3_ancestral.rows(TINY, propositions.generator(seed, "3"))[0]
        ]

    assert solved(3) == solved(3) != solved(-3)


def test_bad_input_is_refused(tmp_path):
    with pytest.raises(SetupError, match="takes no data set, got 'mnist'"):
        reproduce("propositions", tmp_path, dataset="mnist")
    with pytest.raises(SetupError, match="seed must be an integer"):
        reproduce("propositions", tmp_path, seed=2**64)
    (tmp_path / "propositions.json").write_text("{")
    with pytest.raises(SetupError, match=r"propositions\.json is not JSON"):
        reproduce("propositions", tmp_path)

"""--keep removes old versions: whole folders that an export wrote, and nothing else."""

import os
import shutil

import pytest

from export import pruning
from export.layout import versions
from export.pruning import prune
from tests.export.served import exported


@pytest.fixture
def base(tmp_path):
    """A model's folder with the versions 1 to 5."""
    _, folder = exported("gvae")
    for n in range(1, 6):
        shutil.copytree(folder, tmp_path / "gvae" / str(n))
    return tmp_path / "gvae"


def test_the_newest_stay(base):
    assert prune(base, 2) == [base / "1", base / "2", base / "3"]
    assert sorted(os.listdir(base)) == ["4", "5"]
    assert prune(base, 1) == [base / "4"]
    assert prune(base, 1) == prune(base, 9) == []
    assert versions(base) == [5]


def test_what_no_export_wrote_stays(base):
    shutil.rmtree(base / "1" / "assets.extra")
    (base / "2" / "notes.txt").write_text("mine")
    shutil.move(base / "3", base.parent / "elsewhere")
    (base / "3").symlink_to(base.parent / "elsewhere")
    (base / "4" / "assets.extra" / "model_card.json").write_text("{}")
    (base / "0").mkdir()
    (base / "data").mkdir()
    (base / "README.md").write_text("mine")
    before = sorted(base.rglob("*"))
    assert prune(base, 1) == []
    assert sorted(base.rglob("*")) == before


def test_the_newest_stays_when_it_is_not_ours(base):
    (base / "6").mkdir()
    assert prune(base, 1) == [base / str(n) for n in (1, 2, 3, 4)]
    assert versions(base) == [5, 6]


def test_a_server_never_sees_half_a_version(base, monkeypatch):
    seen = []
    monkeypatch.setattr(pruning.shutil, "rmtree", lambda path: seen.append(versions(base)))
    prune(base, 3)
    assert seen == [[2, 3, 4, 5], [3, 4, 5]]


@pytest.mark.parametrize("keep", [0, -1])
def test_at_least_one_version_is_kept(base, keep):
    with pytest.raises(ValueError, match="--keep must be >= 1"):
        prune(base, keep)
    assert versions(base) == [1, 2, 3, 4, 5]

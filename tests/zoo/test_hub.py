"""hf://user/name: the real client against a server of our own."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from tests.zoo.hub_server import COMMIT, Hub
from tests.zoo.tiny_presets import published
from tfgvae.zoo import cards, hub
from train.publish.origin import ROOT

pytest.importorskip("huggingface_hub")


@pytest.fixture(scope="module")
def server(preset):
    with Hub() as made:
        made.files["ada/tiny"] = {name: (preset / name).read_bytes() for name in cards.FILES}
        made.files["ada/gated"] = dict(made.files["ada/tiny"])
        made.gated.add("ada/gated")
        made.files["ada/empty"] = {"README.md": b"nothing"}
        made.files["ada/broken"] = {**made.files["ada/tiny"], cards.WEIGHTS: b"x"}
        made.files["ada/foreign"] = {cards.CARD: b'{"a": 1}'}
        yield made


# Each call prints one line: what it gave, or the error. The client reads HF_ENDPOINT once.
CALLS = """
import sys
import tfgvae

for address in sys.argv[1:]:
    try:
        print(type(tfgvae.from_preset(address)).__name__)
    except (ValueError, OSError, ImportError) as error:
        print(f"{type(error).__name__}: {error}")
"""


def calls(addresses, url, home, code=CALLS, **environment):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *addresses],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HF_ENDPOINT": url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_TOKEN": "hf_of_a_test",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            **environment,
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


ASKED = {
    "hf://ada/tiny": "GVAE",
    f"hf://ada/tiny@{COMMIT}": "GVAE",
    "hf://ada/tiny@v9": "FileNotFoundError: hf://ada/tiny@v9 has no such revision",
    "hf://ada/gated": "PermissionError: hf://ada/gated is gated: ask for access",
    "hf://ada/nowhere": "FileNotFoundError: there is no repository hf://ada/nowhere, or it is priv",
    "hf://ada/empty": "FileNotFoundError: hf://ada/empty is not a preset of tfgvae: it has no card",
    "hf://ada/broken": "ValueError: ",
    "hf://ada/foreign": "ValueError: ",
    "hf://ada": "ValueError: expected hf://user/name",
    "hf://ada/a--b": "ValueError: hf://ada/a--b cannot be an address: ",
}


@pytest.mark.slow
def test_what_the_client_gives_and_what_it_cannot(server, tmp_path):
    said = calls(ASKED, server.url, tmp_path)
    for (address, expected), line in zip(ASKED.items(), said, strict=True):
        assert line.startswith(expected), (address, line)
    assert f"{cards.WEIGHTS} is damaged" in said[6]
    assert "is not the card of a preset" in said[7]
    # A card that is none: nothing else is downloaded.
    foreign = [path for method, path in server.asked if "ada/foreign" in path and method == "GET"]
    assert all(path.endswith(cards.CARD) for path in foreign)
    # Without the server, what was downloaded is there, and the rest is one sentence.
    nobody = "http://127.0.0.1:9"
    said = calls(["hf://ada/tiny", "hf://ada/other"], nobody, tmp_path)
    assert said[0] == "GVAE"
    assert said[1].startswith("ConnectionError: hf://ada/other cannot be reached")
    offline = calls(["hf://ada/other"], nobody, tmp_path, HF_HUB_OFFLINE="1")
    assert offline[0].startswith("ConnectionError: hf://ada/other cannot be reached")


def test_without_the_extra_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r'pip install "tfgvae\[hub\]"'):
        hub.fetch("hf://ada/tiny")


PUSHES = """
import sys
from train.publish import push
from tfgvae.zoo import cards

folder, address = sys.argv[1:]
try:
    push.upload(folder, address, cards.read(folder))
except ConnectionError as error:
    print(error)
"""


@pytest.mark.slow
def test_what_is_pushed_loads(server, workdir, tmp_path):
    folder = published(workdir, tmp_path / "presets")
    said = calls([str(folder), "hf://ada/pushed"], server.url, tmp_path / "a", PUSHES)
    assert said[-1] == 'Uploaded: tfgvae.from_preset("hf://ada/pushed")', said
    assert set(server.files["ada/pushed"]) == {*cards.FILES, "README.md"}
    shutil.rmtree(folder)
    assert calls(["hf://ada/pushed"], server.url, tmp_path / "b") == ["GVAE"]


@pytest.mark.slow
def test_a_push_to_nobody_is_one_sentence(preset, tmp_path):
    said = calls([str(preset), "hf://ada/pushed"], "http://127.0.0.1:9", tmp_path, PUSHES)
    assert "is complete, but hf://ada/pushed did not take it" in said[-1]

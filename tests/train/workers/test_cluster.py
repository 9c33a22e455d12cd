"""Each mistake in TF_CONFIG is one sentence, with status 2."""

import json
import socket

import pytest

from train.errors import SetupError
from train.workers.cluster import Cluster, from_environment

WORKERS = ["host0:2222", "host1:2222"]


def of(cluster, task):
    return from_environment({"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})})


@pytest.mark.parametrize("index", [0, 1, "1"])
def test_the_first_worker_is_the_chief(index):
    found = of({"worker": WORKERS}, {"type": "worker", "index": index})
    assert found == Cluster(tuple(WORKERS), int(index))
    assert found.is_chief == (index == 0)


def test_a_chief_of_its_own_comes_first():
    jobs = {"worker": WORKERS, "chief": ["host2:1"]}
    assert of(jobs, {"type": "worker", "index": 0}) == Cluster(("host2:1", *WORKERS), 1)
    assert of(jobs, {"type": "chief", "index": 0}).is_chief


TASK = {"type": "worker", "index": 0}
BAD = {
    "": "needs the environment variable TF_CONFIG",
    "{": "is not JSON",
    "[" * 100000: "is not JSON",
    "[]": 'no cluster with a list "worker"',
    '{"task": {}}': 'no cluster with a list "worker"',
    json.dumps({"cluster": {"worker": []}, "task": TASK}): '"worker" must be a list',
    json.dumps({"cluster": {"worker": ["host"]}, "task": TASK}): '"worker" must be a list',
    json.dumps({"cluster": {"worker": ["host:0"]}, "task": TASK}): '"worker" must be a list',
    json.dumps({"cluster": {"worker": ["h:1", "h:1"]}, "task": TASK}): "one address for two",
    json.dumps({"cluster": {"worker": WORKERS, "ps": ["h:1"]}, "task": TASK}): "got also ps",
    json.dumps({"cluster": {"worker": WORKERS, "chief": ["h:1", "h:2"]}, "task": TASK}): "one",
    json.dumps({"cluster": {"worker": ["a b:1"]}, "task": TASK}): '"worker" must be a list',
    json.dumps({"cluster": {"worker": ["h:" + "1" * 5000]}, "task": TASK}): "must be a list",
    json.dumps({"cluster": {"worker": WORKERS, "evaluator": ["h:1"]}, "task": TASK}): (
        "the chief evaluates the run"
    ),
    json.dumps({"cluster": {"worker": WORKERS}, "task": {"type": [], "index": 0}}): "type must",
    json.dumps({"cluster": {"worker": WORKERS}}): 'no "task"',
    json.dumps({"cluster": {"worker": WORKERS}, "task": {"type": "ps", "index": 0}}): "type must",
    **{
        json.dumps({"cluster": {"worker": WORKERS}, "task": {"type": "worker", "index": i}}): (
            "index must be from 0 to 1"
        )
        for i in (2, -1, "x", "1" * 5000, None, True, 0.0)
    },
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_each_mistake_is_one_sentence(text):
    with pytest.raises(SetupError, match=BAD[text]) as error:
        from_environment({"TF_CONFIG": text})
    assert "\n" not in str(error.value) and error.value.exit_code == 2


def test_an_address_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        address = f"localhost:{taken.getsockname()[1]}"
        refused = pytest.raises(SetupError, match=f"{address}.*address in use")
        with refused, Cluster((address,), 0).listening():
            pass
    with Cluster((address,), 0).listening():
        assert Cluster(("localhost:1", address), 0).silent() == []


def test_who_does_not_answer():
    with socket.socket() as there, socket.socket() as gone:
        for one in (there, gone):
            one.bind(("localhost", 0))
        there.listen()
        ports = [one.getsockname()[1] for one in (there, gone)]
        addresses = ("localhost:1", *(f"localhost:{port}" for port in ports))
        assert Cluster(addresses, 0).silent() == [2]

"""The job files of docs/how-to/many_machines.md give every worker its TF_CONFIG and good flags."""

import pathlib
import re
import subprocess

import pytest

from train import flags
from train.workers.cluster import Cluster, from_environment

FOLDER = pathlib.Path(__file__).parents[2] / "docs" / "how-to"
# In the place of python: writes what it gets, one word per line.
PYTHON = (
    '#!/bin/bash\n{ printf "%s\\n" "${TF_CONFIG//$\'\\n\'/ }" "$@"; } > "$RECORD"\nexit ${END:-0}\n'
)
SCONTROL = """#!/bin/bash
if [ "$1 $2" = "show hostnames" ]; then printf "node%s\\n" 1 2 7 8; else echo "$@" > "$REQUEUED"; fi
"""
SRUN = """#!/bin/bash
shift
highest=0
for i in 0 1 2 3; do
  SLURM_PROCID=$i RECORD=$RECORDS.$i "$@"
  status=$?
  [ $i = 2 ] && [ -n "$KILLED" ] && status=$KILLED
  [ $status -le $highest ] || highest=$status
done
exit $highest
"""


@pytest.fixture
def shell(tmp_path):
    """Runs a script with our python, srun and scontrol; gives its status."""
    for name, text in {"python": PYTHON, "scontrol": SCONTROL, "srun": SRUN}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def run(script, **environment):
        path = f"{tmp_path}:/usr/bin:/bin"
        done = subprocess.run(["bash", "-c", script], env={"PATH": path, **environment}, timeout=60)
        return done.returncode

    return run


def check(record, addresses, index):
    config, *arguments = record.read_text().splitlines()
    assert from_environment({"TF_CONFIG": config}) == Cluster(addresses, index)
    assert arguments[:2] == ["-m", "train.run"]
    command = flags.parse(arguments[1:])
    assert command.strategy == "multiworker" and command.folder.is_absolute()
    assert command.config.train.batch_size % 32 == 0


@pytest.mark.parametrize(
    ("end", "starts", "requeued"),
    [
        ("0", 0, False),
        ("2", 0, False),
        ("143", 500, True),
        ("1", 0, True),
        ("137", 19, True),
        ("137", 20, False),
    ],
)
def test_slurm(shell, tmp_path, end, starts, requeued):
    """137 is srun's status if one worker was killed and the others ended with 1: the highest."""
    status = shell(
        (FOLDER / "slurm.sh").read_text(),
        SLURM_JOB_NODELIST="node[1-2,7-8]",
        SLURM_JOB_ID="5",
        RECORDS=str(tmp_path / "record"),
        REQUEUED=str(tmp_path / "requeued"),
        END=end if end != "137" else "1",
        KILLED=end if end == "137" else "",
        SLURM_RESTART_COUNT=str(starts),
    )
    assert status == int(end) and (tmp_path / "requeued").exists() == requeued
    addresses = tuple(f"node{i}:12345" for i in (1, 2, 7, 8))
    for index in range(4):
        check(tmp_path / f"record.{index}", addresses, index)


def test_kubernetes(shell, tmp_path):
    """Without a YAML parser: the block of the command is cut out by its indentation."""
    text = (FOLDER / "kubernetes.yaml").read_text()
    block = re.search(r"- \|\n((?: {14}.*\n)+)", text)[1]
    values = dict(re.findall(r'- name: (\w+)\n +value: "(\d+)"', text))
    assert all(f"{key}: {values['WORKERS']}\n" in text for key in ("completions", "parallelism"))
    addresses = tuple(f"tfgvae-{i}.tfgvae:{values['PORT']}" for i in range(int(values["WORKERS"])))
    for index in range(len(addresses)):
        record = tmp_path / f"record.{index}"
        more = {"JOB_COMPLETION_INDEX": str(index), "RECORD": str(record)}
        assert shell(block, **values, **more) == 0
        check(record, addresses, index)


def test_the_yaml_is_a_service_and_a_job():
    yaml = pytest.importorskip("yaml")
    service, job = yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text())
    pod = job["spec"]["template"]["spec"]
    assert service["metadata"]["name"] == pod["subdomain"] == job["metadata"]["name"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert job["spec"]["completionMode"] == "Indexed"

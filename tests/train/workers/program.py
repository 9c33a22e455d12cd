"""What a worker of a test runs: python -m tests.train.workers.program OUTPUT KEY...

It writes OUTPUT.INDEX.npz: the arrays of tests.train.workers.training under each KEY. The
environment variable DEVICES has the number of logical CPUs, which all become replicas.
"""

import os
import pathlib
import sys

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import numpy as np
import tensorflow as tf
from tensorflow.python.distribute.collective_all_reduce_strategy import CollectiveAllReduceExtended

from tests.train.workers import training
from train.loop import train_and_evaluate
from train.workers import cluster, joining


def devices(count):
    """Make `count` logical CPUs the replicas of this worker; TensorFlow would take one CPU."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, parts)

    def local(self, resolver, worker):
        return tuple(f"{worker}/device:CPU:{i}" for i in range(count)), "CPU"

    CollectiveAllReduceExtended._initialize_local_devices = local


def main(output, *keys):
    strategy = joining.join(float(os.environ.get("WAIT", "300")))
    found = {}
    for key in keys:
        if key == "keras":
            found["keras"] = training.keras_fails(strategy)
        elif key == "arrays":
            found[key] = training.on_arrays(strategy)
        elif key == "refused":
            found[key] = training.refused(strategy)
        elif key == "run":
            folder = pathlib.Path(output).with_name("run")
            _, metrics = train_and_evaluate(
                training.config(), folder, strategy, say=lambda line: None, stream=sys.stderr
            )
            found[key] = {name: np.array(value) for name, value in metrics.items()}
        else:
            found[key] = training.trained(key, strategy)
    index = cluster.from_environment().index
    flat = {f"{key}|{name}": v for key, part in found.items() for name, v in part.items()}
    np.savez(f"{output}.{index}.npz", **flat)


if __name__ == "__main__":
    if "DEVICES" in os.environ:
        devices(int(os.environ["DEVICES"]))
    main(*sys.argv[1:])

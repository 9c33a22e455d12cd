"""Shared by all tests: environment variables for TensorFlow, two logical devices, one strategy."""

import gc
import os
import signal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import pytest
import tensorflow as tf

from tests.own_module import my_parts, own_folder  # noqa: F401 (fixtures)

# Tracing makes many objects that live on: Python would look for garbage a tenth of the time.
gc.set_threshold(100_000, 50, 20)

# A shell starts commands in the background with SIGINT ignored, and nohup ignores SIGHUP. The
# commands that tests stop by these signals would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Before anything else uses TensorFlow: devices cannot be divided once they are in use.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests that take minutes, too")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes minutes; run with --slow")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))


@pytest.fixture(scope="session")
def mirrored():
    """Two replicas. The one strategy of the process: a second aborts with a shape mismatch."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

"""The server's configuration: models.config, batching.config, monitoring.config."""

import os
import pathlib
import re

from export.layout import versions
from export.marks import MARK, replace_text

# The README's docker command mounts the folder here.
MOUNT = "/models"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
MAX_BATCH_SIZE = 64

BATCHING = f"""\
# Written by export.run of tfgvae. Edit it as you like: no export replaces it.
# Requests within one millisecond form a batch, which is padded to one of the allowed sizes. A
# request may have up to {MAX_BATCH_SIZE} rows.
max_batch_size {{ value: {MAX_BATCH_SIZE} }}
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 64 }}
allowed_batch_sizes: 1
allowed_batch_sizes: 4
allowed_batch_sizes: 16
allowed_batch_sizes: {MAX_BATCH_SIZE}
"""

MONITORING = """\
# Written by export.run of tfgvae. Edit it as you like: no export replaces it.
# Prometheus reads http://HOST:8501/monitoring/prometheus/metrics
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""


def check_name(name):
    """Return a model's name; ValueError if it cannot be part of an address and of a path."""
    if not NAME.fullmatch(name):
        raise ValueError(
            f"a model's name is letters, digits, '.', '_' and '-', got {name!r}: give --name=NAME"
        )
    return name


def models(output):
    """Names of the models in the folder `output` that have a version."""
    found = [path for path in pathlib.Path(output).iterdir() if NAME.fullmatch(path.name)]
    return sorted(path.name for path in found if versions(path))


def models_config(names):
    """models.config for these models."""
    entries = "".join(
        f'  config {{\n    name: "{name}"\n    base_path: "{MOUNT}/{name}"\n'
        f'    model_platform: "tensorflow"\n  }}\n'
        for name in names
    )
    return f"# {MARK}\nmodel_config_list {{\n{entries}}}\n"


def write(output):
    """Write the three files for all models in the folder `output`.

    batching.config and monitoring.config are written only if they do not exist, because users may
    edit them.
    """
    output = pathlib.Path(output)
    replace_text(output / "models.config", models_config(models(output)))
    for name, text in (("batching.config", BATCHING), ("monitoring.config", MONITORING)):
        if not os.path.lexists(output / name):
            replace_text(output / name, text)

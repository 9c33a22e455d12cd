"""The server's configuration: models.config, batching.config, monitoring.config."""

import os
import pathlib

from export import batching, labels
from export.layout import NAME, versions
from export.marks import MARK, replace_text

# The README's docker command mounts the folder here.
MOUNT = "/models"
# How often the server reads models.config again.
POLL_SECONDS = 60

BATCHING = batching.parameters(
    batching.SIZES, "Written by export.run of tfgvae. Edit it as you like: no export replaces it."
)

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


def models_config(named):
    """models.config for models {name: their labels}."""
    entries = "".join(
        f'  config {{\n    name: "{name}"\n    base_path: "{MOUNT}/{name}"\n'
        f'    model_platform: "tensorflow"\n{labels.policy(given)}  }}\n'
        for name, given in named.items()
    )
    return f"# {MARK}\nmodel_config_list {{\n{entries}}}\n"


def write(output):
    """Write the three files for all models in the folder `output`.

    batching.config and monitoring.config are written only if they do not exist, because users may
    edit them.
    """
    output = pathlib.Path(output)
    named = {name: labels.read(output / name) for name in models(output)}
    replace_text(output / "models.config", models_config(named))
    for name, text in (("batching.config", BATCHING), ("monitoring.config", MONITORING)):
        if not os.path.lexists(output / name):
            replace_text(output / name, text)

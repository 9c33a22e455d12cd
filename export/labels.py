"""Labels of versions: names such as stable and canary, which clients ask for.

DIR/NAME/labels.json holds them; models.config tells the server. Without the file, the server
serves the newest version.
"""

import json
import pathlib

from export.layout import NAME, versions
from train.files import read_json, write_whole

FILE = "labels.json"


def _require(labels, base, source):
    known = versions(base)
    for label, version in labels.items():
        if not isinstance(label, str) or not NAME.fullmatch(label):
            raise ValueError(
                f"{source}: a label is letters, digits, '.', '_' and '-', got {label!r}"
            )
        if isinstance(version, bool) or version not in known:
            numbers = ", ".join(map(str, known)) or "none"
            raise ValueError(
                f"{source}: the label {label} needs a version of {base} (there are: {numbers}), "
                f"got {version!r}"
            )


def read(base):
    """The labels of a model's folder: {label: version}, {} without a file.

    Raises:
      ValueError: the file is damaged, or names a version that does not exist.
    """
    path = pathlib.Path(base) / FILE
    labels = read_json(path)
    if labels is None:
        return {}
    if not isinstance(labels, dict):
        raise ValueError(f"{path} is damaged: expected labels and versions, got {labels!r}")
    _require(labels, base, path)
    return labels


def write(base, labels):
    """Replace the labels of a model's folder; {} removes the file.

    Raises:
      ValueError: a wrong label, or a version that does not exist.
    """
    base = pathlib.Path(base)
    path = base / FILE
    if not labels:
        path.unlink(missing_ok=True)
        return
    _require(labels, base, "labels")
    write_whole(path, json.dumps(labels, indent=2) + "\n")


def policy(labels):
    """The lines of models.config for these labels, with a sentence each."""
    if not labels:
        return (
            "    # The newest version is served. Labels: python -m export.label --help\n"
            "    model_version_policy { latest { num_versions: 1 } }\n"
        )
    served = " ".join(f"versions: {version}" for version in sorted(set(labels.values())))
    lines = "".join(
        f'    version_labels {{ key: "{label}" value: {version} }}\n'
        for label, version in sorted(labels.items())
    )
    return (
        "    # Only these versions are served. A request without a label goes to the newest.\n"
        f"    model_version_policy {{ specific {{ {served} }} }}\n"
        "    # A label can move to another version at any time: python -m export.label --help\n"
        f"{lines}"
    )

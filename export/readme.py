"""DIR/README.md: how to start the server, and a working example request for every signature."""

import json
import math
import pathlib

import numpy as np

from export import labels
from export.introduction import introduction
from export.layout import CARD, EXTRA, IMAGES, PNG, accepted, read_card, shapes, versions
from export.marks import replace_text
from export.server_configs import models

# Longer arrays are computed in the command instead of written out.
LONGEST = 16
VALUES = {"seed": [1, 2], "num_steps": [2, 1], "label": [0, 0]}


def _table(signatures):
    rows = [
        f"| `{name}` | {shapes(signature['inputs'])} | {shapes(signature['outputs'])} |"
        for name, signature in signatures.items()
    ]
    return "\n".join(["| signature | inputs | outputs |", "|---|---|---|", *rows])


def _nested(shape):
    """A Python expression for nested lists of zeros: [[0.0] * 3] * 2."""
    text = "0.0"
    for size in reversed(shape):
        text = f"[{text}] * {size}"
    return text


def _rest(model, signature, inputs):
    """The command line of a REST request with two rows, in the column format."""
    url = f"http://localhost:8501/v1/models/{model}:predict"
    shape = {name: (2, *tensor["shape"][1:]) for name, tensor in inputs.items()}
    if max(math.prod(sizes) for sizes in shape.values()) <= LONGEST:
        values = {name: VALUES.get(name) or np.zeros(shape[name]).tolist() for name in inputs}
        body = json.dumps({"signature_name": signature, "inputs": values})
        return f"    curl -s -d '{body}' {url}"
    values = ", ".join(f'"{name}": {VALUES.get(name) or _nested(shape[name])}' for name in inputs)
    body = f'{{"signature_name": "{signature}", "inputs": {{{values}}}}}'
    return (
        f"    python3 -c 'import json; print(json.dumps({body}))' \\\n      | curl -s -d @- {url}"
    )


def _grpc(model, signature, inputs):
    """The Python line of a gRPC request with two rows."""
    values = []
    for name, tensor in inputs.items():
        if name in VALUES:
            values.append(f"{name}=np.array({VALUES[name]}, np.{tensor['dtype']})")
        else:
            shape = [2, *tensor["shape"][1:]]
            values.append(f"{name}=np.zeros({shape}, np.{tensor['dtype']})")
    return f'    call("{model}", "{signature}", {", ".join(values)})'


def _rows(model, signature):
    """A REST request in the row format, for a signature whose inputs are numbers."""
    names = signature["inputs"]
    instances = [{name: VALUES[name][row] for name in names} for row in range(2)]
    body = json.dumps({"instances": instances})
    return f"    curl -s -d '{body}' http://localhost:8501/v1/models/{model}:predict"


def _labelled(given):
    """A sentence about labels {label: version}; "" without any."""
    if not given:
        return ""
    texts = [f"`{label}` is version {version}" for label, version in sorted(given.items())]
    return f"Labels: {', '.join(texts)}. No other version is served."


def section(name, version, card, given):
    """The README's section of one model, from its newest version's card and its labels."""
    signatures = card["signatures"]
    parts = [
        f"## {name}",
        f"{card['model']['name']}, {card['model']['family']} pixels, trained for "
        f"{card['training_step']} steps; version {version}. Details: "
        f"`{name}/{version}/{EXTRA}/{CARD}`.",
        "\n".join(f"- {note}" for note in card["notes"]),
        "\n".join(f"- {sentence}" for sentence in card.get("costs", [])),
        _labelled(given),
        _table(signatures),
        f"`{card['default_signature']}` is the default. A request in the row format of REST:",
        _rows(name, signatures[card["default_signature"]]),
    ]
    for signature, tensors in signatures.items():
        parts.append(f"### {name}: {signature}")
        given = [name for name in IMAGES if name in tensors["inputs"]]
        parts += [accepted(tensors["inputs"][name], name) for name in given]
        if PNG in tensors["outputs"]:
            parts.append(f'`{PNG}`: each sample as a PNG file, in REST as {{"b64": ...}}.')
        parts.append(_rest(name, signature, tensors["inputs"]))
        parts.append(_grpc(name, signature, tensors["inputs"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def write(output):
    """Write README.md in the folder `output`, for all models there."""
    output = pathlib.Path(output)
    sections, compiled = [], False
    for name in models(output):
        version = versions(output / name)[-1]
        card = read_card(output / name / str(version))
        if card is not None:  # Models without a card are not ours.
            compiled |= bool(card["limits"].get("jit_batch_sizes"))
            sections.append(section(name, version, card, labels.read(output / name)))
    replace_text(output / "README.md", "\n".join([introduction(compiled), *sections]))

"""The folders of an export: DIR/NAME/VERSION/, as TensorFlow Serving reads them."""

import pathlib
import re

from export import batching
from train.files import check_name, read_json

# A model's name and a label are parts of an address and of a path.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
EXTRA = "assets.extra"
CARD = "model_card.json"
# The signature for requests that name none.
DEFAULT = "ancestral_sample"
# Inputs that hold images.
IMAGES = ("images", "image_a", "image_b")
# Pixels of the data. A signature may accept more.
DATA_RANGE = [0.0, 1.0]
# REST sends an output whose name ends in _bytes as {"b64": ...}.
PNG = "png_bytes"
WARMUP = "tf_serving_warmup_requests"
# Names of folders that are not finished. Servers ignore them, because they are no numbers.
WRITING, REMOVING = ".exporting-", ".removing-"
# What an export writes into a version folder.
FILES = {"saved_model.pb", "fingerprint.pb", "variables", "assets", batching.FILE, EXTRA}


def versions(base):
    """The version numbers in the folder `base` of a model, in order."""
    base = pathlib.Path(base)
    names = [path.name for path in base.iterdir()] if base.is_dir() else []
    # Like the server: a name of decimal digits is a version; other names are ignored.
    return sorted(int(name) for name in names if name.isascii() and name.isdecimal())


def warmup_path(folder):
    """The file of warm-up requests of a version folder."""
    return pathlib.Path(folder) / EXTRA / WARMUP


def read_card(folder):
    """The model card of a version folder, or None if it has none.

    Raises:
      ValueError: the card is not JSON.
    """
    return read_json(pathlib.Path(folder) / EXTRA / CARD)


def model_card(folder):
    """The model card of a version folder that export.run wrote.

    Raises:
      ValueError: there is none, or it is not JSON.
    """
    check_name("the exported model", folder)
    card = read_card(folder)
    if card is None:
        raise ValueError(f"{folder} is no exported model: it has no model card")
    return card


def accepted(images, name="images"):
    """The range of pixels of an input of images of a card, as a sentence; "" in an old card."""
    if "range" not in images:
        return ""
    lowest, highest = images["range"]
    if highest > 1e9:
        pixels = "any finite number is accepted"
    else:
        pixels = f"pixels in [{lowest:g}, {highest:g}] are accepted"
    if [lowest, highest] == DATA_RANGE:
        return f"`{name}`: {pixels}, the range of the data."
    return f"`{name}`: {pixels}, so that draws can be sent back; the data is in [0, 1]."


def shapes(tensors):
    """Named tensors of a card as text: "seed int64 [N], z float32 [N, 4]".

    Another size that a request chooses is that of a path, its largest num_steps: S.
    """
    texts = []
    for name, tensor in tensors.items():
        first, *rest = tensor["shape"]
        sizes = ["N" if first is None else first, *("S" if s is None else s for s in rest)]
        texts.append(f"{name} {tensor['dtype']} [{', '.join(map(str, sizes))}]")
    return ", ".join(texts)

"""Versions and licences of data sets, for cards."""

import importlib.metadata

from tfgvae.data.tfds_images import prepared_version

UNKNOWN = "not known to tfgvae: ask the authors of the data"
# As their authors say. None of them is part of a preset.
LICENCES = {
    "digits": "CC-BY-4.0 (UCI, Optical Recognition of Handwritten Digits)",
    "mnist": "CC-BY-SA-3.0 (Y. LeCun and C. Cortes)",
    "cifar10": "no licence is stated (A. Krizhevsky, 2009); used for research",
}


def licence(name):
    """The licence of a data set by its name in a configuration."""
    return LICENCES.get(name.partition(":")[0], UNKNOWN)


def version(name, data_dir=None):
    """The version of a data set, as text."""
    if name == "digits":
        return f"scikit-learn {importlib.metadata.version('scikit-learn')}"
    kind = name.partition(":")[0]
    if kind in ("folder", "npz"):
        return "files of the publisher"
    return prepared_version(name, data_dir)


def preprocessing(config, info):
    """What was done to the images, in order: sentences.

    Args:
      config: ConfigDict of the run.
      info: tfgvae.data.ImageInfo of the training split.
    """
    section = config.data
    possible = [
        (section.crop not in (None, "none"), f"Cropped: {section.crop}."),
        (True, f"The images have the size {'x'.join(map(str, info.image_shape))}."),
        (section.grayscale, "Converted to grey."),
        (True, "Pixels are scaled to [0, 1]."),
        (section.binarize != "none", f"Pixels are made 0 or 1: {section.binarize} binarisation."),
        (section.dequantize, "Uniform noise of one grey level is added (dequantisation)."),
        (section.augment != "none", f"In training only: augmented, {section.augment}."),
    ]
    return [sentence for holds, sentence in possible if holds]

"""Make a Context, and the report's description of the run, from arguments."""

import functools

from configs.catalog import PARTS
from tfgvae import checks
from train.evaluate import loading, settings
from train.evaluate.context import Context
from train.evaluate.features import Features


def _trained(opened, seed, output, say, steps):
    """The path of a classifier of the run's data, trained here unless it exists."""
    from train.classifier import trained_classifier

    section = opened.config.data
    same = ("train_split", "test_split", "crop", "grayscale", "binarize")
    place = {"data_dir": section.data_dir, "download": section.download}
    size = section.image_size
    return trained_classifier(
        section.name,
        output / "classifier.keras",
        image_size=size if size is None or isinstance(size, int) else tuple(size),
        **{name: section[name] for name in same},
        **place,
        steps=steps,
        seed=seed,
        overwrite=True,
        command="python -m train.evaluate",
        say=say,
    )


def _features(opened, classifier, seed, output, say):
    labelled = bool(opened.data.test_info.num_classes)
    train = functools.partial(_trained, opened, seed, output, say) if labelled else None
    return Features(classifier, train)


def describe(opened):
    """The report's description of a run's model."""
    model = opened.model
    names = {part: opened.config[part].name for part in PARTS}
    return {
        "name": opened.config.model.name,
        "family": type(model.family).__name__,
        **{part: name for part, name in names.items() if name and part != "family"},
        "image_shape": list(model.image_shape),
        "latent_shape": list(model.latent_shape),
        "num_classes": model.num_classes,
        "parameters": int(model.count_params()),
    }


def open_evaluation(opened, output, classifier, mean, seed, sizes, say):
    """Load the images of an evaluation.

    Args:
      opened: a train.opened.Opened.
      output: a pathlib.Path; the others as `evaluate` takes them.

    Returns:
      (Context, dict of the values that every result depends on, first part of the report).

    Raises:
      ValueError, OSError: a bad argument.
    """
    checks.integer("seed", seed, 0, 2**63 - 1)
    resolved = settings.resolve(opened.model, sizes, opened.num_available)
    images, labels = opened.images(max(resolved[name] for name in settings.IMAGES))
    if mean is None:
        mean = loading.shows_mean(opened.model, opened.config)
    elif mean and not opened.model.family.has_mean:
        name = type(opened.model.family).__name__
        raise ValueError(f"mean: the family {name} has no E[x|z] in closed form")
    features = _features(opened, classifier, seed, output, say)
    given = {**resolved, "mean": mean, "classifier": features.identity}
    context = Context(
        opened.model,
        images,
        labels,
        given,
        seed,
        features,
        loading.has_bits(opened),
        lambda count: opened.images(count, "train")[0],
    )
    section = opened.config.data
    data = {
        "name": section.name,
        "split": section.test_split,
        "binarize": section.binarize,
        "available": opened.num_available,
    }
    fixed = {"checkpoint": opened.checkpoint, "data": data, "seed": seed}
    report = {"model": describe(opened), **fixed, "settings": given}
    return context, fixed, report

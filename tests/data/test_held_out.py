"""The share of a split that is set aside: a partition, fixed by the seed, with its own noise."""

import dataclasses

import numpy as np
import pytest

from tfgvae import data
from tfgvae.data import held_out
from tfgvae.data.held_out import Part


def rows(part, **split):
    """The images of a part of the digits: a set of bytes."""
    opened = data.Split("digits", "train", part=part, **split)
    batches = opened.batches(data.Noise(), data.Schedule(100))
    images = np.concatenate([batch["image"] for batch in batches.as_numpy_iterator()])
    assert len(images) == opened.info.num_examples
    return [image.tobytes() for image in images]


def test_the_parts_are_a_partition_in_the_order_of_the_split():
    whole, aside, rest = rows(None), rows(Part(0.2, 3, True)), rows(Part(0.2, 3, False))
    assert len(aside) == round(0.2 * len(whole)) and len(aside) + len(rest) == len(whole)
    # Digits may be equal: compare as lists, by a merge.
    left, right = list(aside), list(rest)
    for image in whole:
        (left if left and left[0] == image else right).pop(0)
    assert not left and not right


def test_it_depends_on_the_seed_alone():
    assert rows(Part(0.2, 3, True)) == rows(Part(0.2, 3, True))
    assert rows(Part(0.2, 3, True)) != rows(Part(0.2, 4, True))


def test_a_streamed_split_has_the_same_parts():
    part = Part(0.1, 3, True)
    assert rows(part, cache_bytes=0) == rows(part)


def test_its_noise_is_its_own():
    whole = data.Split("digits", "train", part=Part(0.5, 0, False))
    aside = data.Split("digits", "train", part=Part(0.5, 0, True))
    assert (whole.name, aside.name) == ("train", "train/held out")


def test_what_is_refused():
    for share, message in ((0.6, "share must be from 0 to 0.5"), (0.0, "needs 2 or more")):
        with pytest.raises(ValueError, match=message):
            data.Split("digits", "train", part=Part(share, 0, True))
    assert dataclasses.is_dataclass(held_out.Part)

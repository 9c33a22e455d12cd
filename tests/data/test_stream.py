"""The stream is a function of (seed, step): order, epochs, exact resume."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgvae import data

CACHED, STREAMED = 1 << 30, 0


def take(num, **options):
    """The first `num` batches of a shuffled infinite stream of `tiny`: 23 images, 5 per batch."""
    options = {"batch_size": 5, "shuffle": True, "repeat": True, **options}
    stream = data.load("tiny", **options).as_numpy_iterator()
    return list(itertools.islice(stream, num))


def assert_same(batches, others):
    assert len(batches) == len(others)
    for a, b in zip(batches, others, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, a, b)


def rows(batches):
    """Every image of the batches as bytes, in order."""
    return [image.tobytes() for b in batches for image in b["image"]]


@pytest.fixture(
    params=[pytest.param(CACHED, marks=pytest.mark.slow), STREAMED], ids=["cached", "streamed"]
)
def options(request, tfds_dir):
    return {"data_dir": tfds_dir, "cache_bytes": request.param}


both = pytest.mark.parametrize(
    "options", [CACHED, STREAMED], ids=["cached", "streamed"], indirect=True
)


@both
@pytest.mark.parametrize(
    "noise", [{"binarize": "dynamic"}, pytest.param({"dequantize": True}, marks=pytest.mark.slow)]
)
def test_a_stream_resumes_exactly(options, noise):
    options = {**options, **noise, "augment": "flip"}
    whole = take(14, **options)  # 4 steps an epoch.
    for start in (1, 4, 11):
        assert_same(take(14 - start, start_step=start, **options), whole[start:])


def test_single_examples_and_static_binarization_resume_exactly(options):
    options = {**options, "batch_size": None, "binarize": "static", "augment": "flip"}
    whole = take(60, **options)
    assert whole[0]["image"].shape == (6, 6, 3) and whole[0]["label"].shape == ()
    assert_same(take(30, start_step=30, **options), whole[30:])


@both
def test_one_pass_resumes_exactly(options):
    options = {**options, "binarize": "dynamic", "repeat": False}
    whole = take(9, **options)
    assert len(whole) == 5
    for start in (0, 2, 5, 7):
        assert_same(take(9, start_step=start, **options), whole[start:])


@pytest.mark.slow
def test_the_global_seed_changes_nothing_and_is_not_changed(options):
    runs = []
    for seed in (0, 1, None):
        if seed is not None:
            tf.random.set_seed(seed)
        runs.append(take(6, binarize="dynamic", **options))
    assert_same(runs[0], runs[1])
    assert_same(runs[0], runs[2])
    tf.random.set_seed(3)
    take(1, **options)
    drawn = tf.random.uniform([4])
    tf.random.set_seed(3)
    np.testing.assert_array_equal(drawn, tf.random.uniform([4]))


def test_seeds_give_other_orders_and_noise(options):
    first, second = take(4, seed=0, **options), take(4, seed=1, **options)
    assert rows(first) != rows(second)
    flipped = [take(4, shuffle=False, augment="flip", seed=s, **options) for s in (0, 1)]
    assert rows(flipped[0]) != rows(flipped[1])


def test_a_seed_of_none_is_drawn_afresh(options):
    assert rows(take(4, seed=None, **options)) != rows(take(4, seed=None, **options))


def test_an_epoch_has_no_image_twice_and_another_order_than_the_next(options):
    epochs = [rows(take(4, start_step=4 * e, **options)) for e in range(6)]
    for epoch in epochs:
        assert len(epoch) == len(set(epoch)) == 20
    assert len({tuple(epoch) for epoch in epochs}) == 6
    # The 3 images that an epoch leaves out are others each time.
    assert len(set(itertools.chain(*epochs))) == 23


def test_without_shuffle_the_order_is_that_of_the_set(options, pictures):
    batches = take(8, shuffle=False, **options)
    images = np.rint(255 * np.concatenate([b["image"] for b in batches])).astype(np.uint8)
    np.testing.assert_array_equal(images, np.concatenate([pictures(23)[:20]] * 2))


def test_labels_stay_with_their_images(options, pictures):
    label_of = {image.astype(np.float32).tobytes(): i % 5 for i, image in enumerate(pictures(23))}
    for batch in take(10, **options):
        images = np.rint(255 * batch["image"])
        assert [label_of[image.tobytes()] for image in images] == batch["label"].tolist()


def test_one_pass_keeps_its_last_batch_unless_told(options):
    one_pass = data.load("tiny", batch_size=5, **options)
    assert [len(b["label"]) for b in one_pass] == [5, 5, 5, 5, 3]
    assert len(one_pass) == 5
    full = data.load("tiny", batch_size=5, drop_remainder=True, **options)
    assert [len(b["label"]) for b in full] == [5, 5, 5, 5]
    assert full.element_spec["image"].shape == (5, 6, 6, 3)
    assert len(data.load("tiny", num_examples=7, batch_size=5, **options)) == 2
    assert [len(b["label"]) for b in data.load("tiny", batch_size=99, **options)] == [23]


def test_an_infinite_stream_has_full_batches(options):
    stream = data.load("tiny", batch_size=5, repeat=True, **options)
    assert stream.cardinality() == tf.data.INFINITE_CARDINALITY
    assert stream.element_spec["image"] == tf.TensorSpec((5, 6, 6, 3), tf.float32)
    assert stream.element_spec["label"].dtype == tf.int64


def test_a_batch_may_be_the_whole_set(options):
    whole, again = take(2, batch_size=23, **options)
    assert sorted(rows([whole])) == sorted(rows([again])) and rows([whole]) != rows([again])


def test_streamed_and_cached_sets_hold_the_same_images(tfds_dir):
    passes = [
        data.load("tiny", data_dir=tfds_dir, batch_size=5, cache_bytes=c, binarize="static")
        for c in (CACHED, STREAMED)
    ]
    assert_same(*(list(p.as_numpy_iterator()) for p in passes))


def test_records_are_shuffled_in_a_bounded_buffer(tfds_dir, monkeypatch, pictures):
    from tfgvae.data import tfds_images

    monkeypatch.setattr(tfds_images, "_SHUFFLE_BUFFER", 4)
    options = {"data_dir": tfds_dir, "cache_bytes": STREAMED}
    whole = take(12, **options)
    assert_same(take(5, start_step=7, **options), whole[7:])
    index_of = {image.astype(np.float32).tobytes(): i for i, image in enumerate(pictures(23))}
    images = np.rint(255 * np.concatenate([b["image"] for b in whole[:4]]))
    order = [index_of[image.tobytes()] for image in images]
    assert sorted(order) != order
    # A buffer of 4 gives at place n a record among the first n + 4.
    assert all(index < place + 4 for place, index in enumerate(order))


def test_replicas_share_out_the_batches_of_one_stream(mirrored, options):
    options = {**options, "batch_size": 6, "shuffle": True, "repeat": True, "binarize": "dynamic"}
    stream = data.load("tiny", **options)
    shared = mirrored.experimental_distribute_dataset(stream)
    for batch, local in zip(itertools.islice(stream, 4), shared, strict=False):
        parts = mirrored.experimental_local_results(local["image"])
        np.testing.assert_array_equal(np.concatenate(parts), batch["image"])

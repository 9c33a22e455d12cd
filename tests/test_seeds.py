"""Seeds: rows do not depend on their batch, replicas share one noise, there is no global state."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import seeds


def test_fold_in_is_a_fold():
    assert seeds.fold_in(5, 1, 2) == seeds.fold_in(seeds.fold_in(5, 1), 2)
    assert seeds.fold_in(5, 1) != seeds.fold_in(5, 2)


def test_mix_matches_splitmix64_on_python_integers():
    mask = (1 << 64) - 1

    def reference(seed, data):
        z = (seed + 0x9E3779B97F4A7C15 * (data + 1)) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    for seed, data in [(0, 0), (1, 7), (-3, 2), (2**62, 10**9), (123, -1)]:
        assert int(seeds.fold_in(seed, data)) & mask == reference(seed & mask, data)


def test_rows_do_not_depend_on_their_number():
    np.testing.assert_array_equal(seeds.rows(7, 5)[:3], seeds.rows(7, 3))
    np.testing.assert_array_equal(seeds.rows([4, 5], 2), [4, 5])
    with pytest.raises(ValueError, match="expected 3 row seeds, got 2"):
        seeds.rows([4, 5], 3)
    with pytest.raises(ValueError, match="one seed per row"):
        seeds.rows([[4, 5]], 2)


@pytest.mark.parametrize("draw", [seeds.uniform, seeds.normal])
def test_row_noise_is_the_rows_own(draw):
    rows = seeds.rows(3, 6)
    noise = draw(rows, (4, 2))
    np.testing.assert_array_equal(draw(rows[2:3], (4, 2))[0], noise[2])
    traced = tf.function(
        lambda r: draw(r, (4, 2)), input_signature=[tf.TensorSpec([None], tf.int64)]
    )
    np.testing.assert_array_equal(traced(rows), noise)


def test_neighbouring_rows_are_independent_standard_normals():
    noise = seeds.normal(tf.range(400, dtype=tf.int64), (500,)).numpy()
    n = noise.size
    assert abs(noise.mean()) < 5 / np.sqrt(n)
    # Var of the sample variance of a normal is 2 / n.
    assert abs(noise.var() - 1) < 5 * np.sqrt(2 / n)
    products = noise[:-1] * noise[1:]  # mean 0, variance 1 for independent rows
    assert abs(products.mean()) < 5 / np.sqrt(products.size)


def test_integers_of_any_kind_are_seeds():
    for seed in (7, np.int32(7), np.uint64(7), tf.constant(7), tf.constant(7, tf.int64)):
        np.testing.assert_array_equal(seeds.rows(seed, 2), seeds.rows(7, 2))
    np.testing.assert_array_equal(seeds.rows(tf.constant([4, 5]), 2), [4, 5])
    assert seeds.rows(-(2**63), 1).shape == seeds.rows(2**63 - 1, 1).shape == (1,)


@pytest.mark.parametrize("seed", [2**63, 2**70, -(2**63) - 1, True, 1.0, [1.5], tf.constant(1.0)])
def test_what_is_no_int64_is_no_seed(seed):
    with pytest.raises(ValueError, match="seeds must be integers"):
        seeds.rows(seed, 1)
    if not isinstance(seed, list) and not tf.is_tensor(seed):
        with pytest.raises(ValueError, match="seed must be an integer"):
            seeds.check(seed)


def test_a_graph_does_not_keep_a_fresh_seed():
    with pytest.raises(ValueError, match="pass a seed inside a tf"):
        tf.function(lambda: seeds.rows(None, 2))()


def test_none_is_a_fresh_seed():
    assert seeds.fresh() != seeds.fresh()
    assert seeds.check(None) != seeds.check(None)
    assert seeds.check(np.int64(-3)) == -3
    assert not np.array_equal(seeds.rows(None, 2), seeds.rows(None, 2))


def test_replicas_share_the_noise_of_the_global_batch(mirrored):
    whole = seeds.batch_normal(9, 6, (3,))

    @tf.function
    def per_replica():
        return mirrored.run(lambda: seeds.batch_normal(9, 3, (3,)))

    parts = mirrored.experimental_local_results(per_replica())
    np.testing.assert_array_equal(tf.concat(parts, 0), whole)


@pytest.mark.parametrize("sizes", [(4, 1), (1, 4), (5, 0)])
def test_replicas_of_unequal_parts_share_the_noise_of_the_global_batch(mirrored, sizes):
    """Every image has its own noise, the same as on one replica."""
    whole = seeds.batch_normal(9, 5, (3,))

    @tf.function
    def per_replica():
        def replica():
            index = tf.distribute.get_replica_context().replica_id_in_sync_group
            return seeds.batch_normal(9, tf.gather(sizes, index), (3,))

        return mirrored.run(replica)

    parts = mirrored.experimental_local_results(per_replica())
    assert tuple(part.shape[0] for part in parts) == sizes
    np.testing.assert_array_equal(tf.concat(parts, 0), whole)


def test_initialization_is_a_function_of_the_seed_and_leaves_no_trace():
    def kernel(seed):
        with seeds.initialization(seed):
            layer = keras.layers.Dense(3)
            layer.build((None, 4))
        return layer.kernel.numpy()

    before = random.getstate()
    np.testing.assert_array_equal(kernel(1), kernel(1))
    assert not np.array_equal(kernel(1), kernel(2))
    assert random.getstate() == before

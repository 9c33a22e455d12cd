"""The stream of batches: a function of (seed, step), so that a run resumes bit for bit.

    epoch e      the records in the order fold_in(order_seed, e)
    batch s      records s B .. s B + B - 1 of the epochs, one after the other
    noise of s   fold_in(noise_seed, s)

A stream that starts at step s does not read the epochs before the epoch of s. It reads the earlier
records of that epoch, but does not decode them.
"""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from tfgvae import checks, replicas, seeds
from tfgvae.data.division import Division
from tfgvae.types import Tensor


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The order of the examples, and their division into batches.

    Attributes:
      batch_size: examples per batch; None gives single examples, and a step is then one example.
      shuffle: whether every epoch has its own random order.
      repeat: whether the stream is infinite. Batches are then always full: each epoch leaves out
        the num_examples % batch_size records at the end of its order.
      start_step: the first step to give.
      seed: an int in [0, 2^63); None draws one from the operating system.
      drop_remainder: whether one pass leaves out its last batch if that is not full.
      division: the parts of each batch that this process reads: each is one element of the stream.
        None: the whole batch.
    """

    batch_size: int | None = None
    shuffle: bool = False
    repeat: bool = False
    start_step: int = 0
    seed: int | None = 0
    drop_remainder: bool = False
    division: Division | None = None

    def __post_init__(self) -> None:
        for name in ("shuffle", "repeat", "drop_remainder"):
            checks.boolean(name, getattr(self, name))
        if self.batch_size is not None:
            checks.integer("batch_size", self.batch_size, 1)
        checks.integer("start_step", self.start_step, 0)
        seed = seeds.fresh() if self.seed is None else checks.integer("seed", self.seed, 0)
        if seed >= 2**63:
            raise ValueError(f"seed must be below 2^63, got {seed}")
        object.__setattr__(self, "seed", seed)
        if self.division is not None:
            self.division.size(self.size)

    @property
    def size(self) -> int:
        """The rows of a batch; single examples count as batches of one."""
        return 1 if self.batch_size is None else self.batch_size

    @property
    def full_batches(self) -> bool:
        """Whether every batch has all its rows."""
        return self.repeat or self.drop_remainder

    def steps_per_epoch(self, num_examples: int) -> int:
        """Batches in one pass; ValueError if they must be full and the set is smaller."""
        if self.full_batches and self.size > num_examples:
            raise ValueError(
                f"batch_size must be at most the number of examples, {num_examples}, "
                f"got {self.size}"
            )
        return num_examples // self.size if self.full_batches else -(-num_examples // self.size)


def batches(
    records: tf.data.Dataset,
    num_examples: int,
    shuffle_buffer: int,
    schedule: Schedule,
    seed: Tensor,
    decode: Callable[..., tf.data.Dataset],
    noise: Callable[[Tensor, Tensor], Tensor],
) -> tf.data.Dataset:
    """The stream of batches.

    Args:
      records: dataset of the undecoded records of one epoch, in a fixed order.
      num_examples: how many records there are.
      shuffle_buffer: number of records that a shuffle may hold.
      schedule: a Schedule.
      seed: int64 [], of the orders and the noise.
      decode: (dataset of records, batch size, full batches only) -> dataset of batches, dicts whose
        "image" is uint8 [B, H, W, C].
      noise: (uint8 [B, H, W, C], seed []) -> float32 [B, H, W, C].
    """
    steps = schedule.steps_per_epoch(num_examples)
    order_seed, noise_seed = seeds.split(seed, 2)
    ordered = _epochs(records, steps, shuffle_buffer, schedule, order_seed)

    @tf.autograph.experimental.do_not_convert  # It has no loops, and conversion takes time.
    def finish(step, batch):
        image = noise(batch["image"], seeds.fold_in(noise_seed, step))
        batch = {**batch, "image": image}
        return batch if schedule.batch_size else {k: v[0] for k, v in batch.items()}

    if schedule.division is not None:
        return _divided(ordered, schedule, decode, finish)
    dataset = decode(ordered, schedule.size, schedule.full_batches)
    dataset = tf.data.Dataset.zip(tf.data.Dataset.counter(schedule.start_step), dataset)
    dataset = dataset.map(finish, tf.data.AUTOTUNE)
    left = max(steps - schedule.start_step, 0)
    count = tf.data.INFINITE_CARDINALITY if schedule.repeat else left
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(count))
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(_options())


def _divided(ordered, schedule, decode, finish):
    """This process's parts of the batches. Other rows are read, but not decoded."""
    division, size = schedule.division, schedule.size

    @tf.autograph.experimental.do_not_convert
    def finish_part(index, part):
        step, start = division.place(index, size)
        with replicas.part_of_batch(start, size, whole=False):
            return finish(schedule.start_step + step, part)

    own = division.take(ordered, size)
    dataset = decode(own, division.size(size), schedule.full_batches)
    dataset = tf.data.Dataset.zip(tf.data.Dataset.counter(), dataset)
    dataset = dataset.map(finish_part, tf.data.AUTOTUNE)
    if schedule.repeat:
        endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        dataset = dataset.apply(endless)
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(_options())


def _epochs(records, steps, shuffle_buffer, schedule, order_seed):
    """Records of the epochs, one after the other, from those of batch `start_step` on."""
    if schedule.repeat:
        first, skipped = divmod(schedule.start_step, steps)
        epochs = tf.data.Dataset.counter(first)
    else:
        first, skipped = 0, schedule.start_step
        epochs = tf.data.Dataset.range(1)

    @tf.autograph.experimental.do_not_convert
    def epoch(index):
        order = records
        if schedule.shuffle:
            # `shuffle` combines its seed with that of its graph, here the graph of this function. A
            # fixed graph seed makes the order independent of tf.random.set_seed. (Not 0: TF would
            # then compare our seed, a tensor, with 0 in Python, which raises.)
            tf.compat.v1.get_default_graph().seed = 1
            order = order.shuffle(
                shuffle_buffer, seeds.fold_in(order_seed, index), reshuffle_each_iteration=False
            )
        if schedule.full_batches:
            order = order.take(steps * schedule.size)
        return order.skip(
            tf.where(index == first, tf.constant(skipped * schedule.size, tf.int64), 0)
        )

    return epochs.flat_map(epoch)


def _options():
    options = tf.data.Options()
    options.deterministic = True
    # Workers must divide the batches of one global stream. By default they divide the files, and
    # each worker would shuffle its own files.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return options

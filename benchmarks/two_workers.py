"""Two workers on loopback, one core each, against one process with two cores: images per second.

    python benchmarks/two_workers.py --turns=3 --steps=60

Both train the convolutional VAE of `--model=vae` on random images, with the same global batch, by
`fit`. They take turns, so that a busy machine slows both. The first steps of each turn are not
counted. The result is the ratio of their images per second, of each pair.

Then what limits it: two processes with one core and half of the batch each that do not exchange
anything, and one all-reduce of the gradients alone.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
WARM_UP = 5  # steps
TIMEOUT = 3600  # seconds of one turn


def made(size, width):
    """The convolutional VAE."""
    from tfgvae import GVAE

    mapping = {"name": "conv", "width": width}
    inference = {"name": "gaussian", "width": width}
    return GVAE((size, size, 1), latent_dim=32, mapping=mapping, inference=inference, seed=1)


def joined(several):
    """The strategy of this process."""
    import train.start  # noqa: F401 (before TensorFlow)

    # isort: split
    import tensorflow as tf

    from train.workers import joining

    return joining.join() if several else tf.distribute.get_strategy()


def measure(batch, steps, size, width, several):
    """(images per second, ms of a step, ms of CPU) of this process's fit, which runs alone."""
    strategy = joined(several)
    import keras
    import tensorflow as tf

    from tfgvae import seeds

    images = seeds.batch_uniform(1, 4 * batch, (size, size, 1))
    data = tf.data.Dataset.from_tensor_slices(images).repeat()
    data = data.batch(batch, drop_remainder=True)
    with strategy.scope():
        model = made(size, width)
        model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    times = []

    def note(step, logs):
        float(logs["loss"])  # It waits for the step.
        times.append((time.monotonic(), time.process_time()))

    total = WARM_UP + steps
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=note)
    model.fit(data, steps_per_epoch=total, verbose=0, shuffle=False, callbacks=[callback])
    wall, cpu = (end - start for start, end in zip(times[WARM_UP - 1], times[-1], strict=True))
    return batch * steps / wall, 1e3 * wall / steps, 1e3 * cpu / steps


def exchange(steps, size, width):
    """(MB of the gradients, ms of their all-reduce, ms of this process's CPU for it)."""
    strategy = joined(several=True)
    import tensorflow as tf

    count = made(size, width).count_params()

    @tf.function
    def reduced():
        def on_replica():
            here = tf.distribute.get_replica_context()
            return here.all_reduce(tf.distribute.ReduceOp.SUM, tf.ones([count]))[0]

        return strategy.run(on_replica)

    reduced()
    begun, used = time.monotonic(), time.process_time()
    for _ in range(steps):
        reduced()
    wall, cpu = time.monotonic() - begun, time.process_time() - used
    return 4e-6 * count, 1e3 * wall / steps, 1e3 * cpu / steps


def start(flags, cores, cluster=None, kind=None):
    """A process of this program that measures, bound to some cores; `cluster` is its TF_CONFIG."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_CONFIG", None)
    if cluster:
        environment["TF_CONFIG"] = cluster
    sizes = [f"--{name}={getattr(flags, name)}" for name in ("batch", "steps", "size", "width")]
    kind = kind or ("workers" if cluster else "one")
    program = [sys.executable, __file__, *sizes, "--measure", kind]
    return subprocess.Popen(
        ["taskset", "-c", cores, *program], env=environment, stdout=subprocess.PIPE, text=True
    )


def finish(processes):
    """The numbers that each process measured; kills all if one fails."""
    try:
        outputs = [process.communicate(timeout=TIMEOUT)[0] for process in processes]
        if any(process.returncode for process in processes):
            raise SystemExit(f"a process ended with {[p.returncode for p in processes]}")
        return [[float(word) for word in out.splitlines()[-1].split()] for out in outputs]
    finally:
        for process in processes:
            process.kill()


def two_workers(flags, kind="workers"):
    """What the chief of two workers measured."""
    from train.workers import loopback

    ports = loopback.free_ports(2)
    clusters = [loopback.tf_config(ports, i) for i in (0, 1)]
    return finish([start(flags, str(i), clusters[i], kind) for i in (0, 1)])[0]


def limits(flags, one):
    """Print what two processes reach that exchange nothing, and the time of one exchange."""
    half = argparse.Namespace(**{**vars(flags), "batch": flags.batch // 2})
    alone = finish([start(half, str(i)) for i in (0, 1)])
    rate = sum(found[0] for found in alone)
    print(
        f"two processes without an exchange: {rate:.1f} images per second, {rate / one:.2f}; "
        f"{statistics.mean(found[2] for found in alone):.1f} ms of a core for a step"
    )
    size, wall, cpu = two_workers(flags, "exchange")
    print(f"an all-reduce of {size:.1f} MB alone: {wall:.1f} ms, {cpu:.1f} ms of a worker's core")


def main(flags):
    """Measure in turns and print the ratio."""
    pairs = []
    for turn in range(flags.turns):
        workers, wall, cpu = two_workers(flags)
        pairs.append((workers, finish([start(flags, "0,1")])[0][0]))
        print(
            f"turn {turn + 1}: two workers {workers:.1f}, one process {pairs[-1][1]:.1f}; "
            f"a step of two workers {wall:.1f} ms, {cpu:.1f} ms of the chief's core"
        )
    ratios = sorted(workers / one for workers, one in pairs)
    workers, one = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"batch {flags.batch}: two workers {workers:.1f}, one process {one:.1f} images per second; "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )
    limits(flags, one)


def parser():
    """The flags."""
    made = argparse.ArgumentParser("python benchmarks/two_workers.py")
    made.add_argument("--turns", type=int, default=3)
    made.add_argument("--steps", type=int, default=60, help="counted steps of a turn")
    made.add_argument("--batch", type=int, default=256, help="images of the global batch")
    made.add_argument("--size", type=int, default=28, help="side of an image")
    made.add_argument("--width", type=int, default=32)
    made.add_argument("--measure", choices=("one", "workers", "exchange"), help=argparse.SUPPRESS)
    return made


if __name__ == "__main__":
    given = parser().parse_args()
    if given.measure == "exchange":
        print(*exchange(given.steps, given.size, given.width))
    elif given.measure:
        several = given.measure == "workers"
        print(*measure(given.batch, given.steps, given.size, given.width, several))
    else:
        main(given)

"""Two workers on loopback, one core each, against one process with two cores: images per second.

    python benchmarks/two_workers.py --turns=3 --steps=60

Both train the convolutional VAE of `--model=vae` on random images, with the same global batch, by
`fit`. They take turns, so that a busy machine slows both. The first steps of each turn are not
counted. The result is the ratio of their images per second, of each pair.
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


def measure(batch, steps, size, width, several):
    """Images per second of this process's fit; it runs in a process of its own."""
    import train.start  # noqa: F401 (before TensorFlow)

    # isort: split
    import keras
    import tensorflow as tf

    from tfgvae import GVAE, seeds
    from train.workers import joining

    strategy = joining.join() if several else tf.distribute.get_strategy()
    images = seeds.batch_uniform(1, 4 * batch, (size, size, 1))
    data = tf.data.Dataset.from_tensor_slices(images).repeat()
    data = data.batch(batch, drop_remainder=True)
    with strategy.scope():
        mapping = {"name": "conv", "width": width}
        inference = {"name": "gaussian", "width": width}
        model = GVAE((size, size, 1), latent_dim=32, mapping=mapping, inference=inference, seed=1)
        model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    times = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs: times.append((float(logs["loss"]), time.monotonic()))
    )
    total = WARM_UP + steps
    model.fit(data, steps_per_epoch=total, verbose=0, shuffle=False, callbacks=[note])
    return batch * steps / (times[-1][1] - times[WARM_UP - 1][1])


def start(flags, cores, cluster=None):
    """A process of this program that measures, bound to some cores; `cluster` is its TF_CONFIG."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_CONFIG", None)
    if cluster:
        environment["TF_CONFIG"] = cluster
    sizes = [f"--{name}={getattr(flags, name)}" for name in ("batch", "steps", "size", "width")]
    program = [sys.executable, __file__, *sizes, "--measure", "workers" if cluster else "one"]
    return subprocess.Popen(
        ["taskset", "-c", cores, *program], env=environment, stdout=subprocess.PIPE, text=True
    )


def finish(processes):
    """Images per second that the first process measured; kills all if one fails."""
    try:
        outputs = [process.communicate(timeout=TIMEOUT)[0] for process in processes]
        if any(process.returncode for process in processes):
            raise SystemExit(f"a process ended with {[p.returncode for p in processes]}")
        return float(outputs[0].split()[-1])
    finally:
        for process in processes:
            process.kill()


def two_workers(flags):
    """Images per second of the global batch on two workers."""
    from train.workers import loopback

    ports = loopback.free_ports(2)
    return finish([start(flags, str(i), loopback.tf_config(ports, i)) for i in (0, 1)])


def main(flags):
    """Measure in turns and print the ratio."""
    pairs = []
    for turn in range(flags.turns):
        pairs.append((two_workers(flags), finish([start(flags, "0,1")])))
        print(f"turn {turn + 1}: two workers {pairs[-1][0]:.1f}, one process {pairs[-1][1]:.1f}")
    ratios = sorted(workers / one for workers, one in pairs)
    workers, one = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"batch {flags.batch}: two workers {workers:.1f}, one process {one:.1f} images per second; "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def parser():
    """The flags."""
    made = argparse.ArgumentParser("python benchmarks/two_workers.py")
    made.add_argument("--turns", type=int, default=3)
    made.add_argument("--steps", type=int, default=60, help="counted steps of a turn")
    made.add_argument("--batch", type=int, default=256, help="images of the global batch")
    made.add_argument("--size", type=int, default=28, help="side of an image")
    made.add_argument("--width", type=int, default=32)
    made.add_argument("--measure", choices=("one", "workers"), help=argparse.SUPPRESS)
    return made


if __name__ == "__main__":
    given = parser().parse_args()
    if given.measure:
        print(
            measure(given.batch, given.steps, given.size, given.width, given.measure == "workers")
        )
    else:
        main(given)

"""When does the all-reduce of a training step take longer than its arithmetic? On paper, simulated.

    python benchmarks/all_reduce.py
    python benchmarks/all_reduce.py --gpus=8,64,512 --batch=4,16,64 --network=12.5

A step of b images on each of N GPUs, M = N / 8 machines, S bytes of gradients:

    compute(b) = b F / (P u)                F flops per image, P peak flops, u the part reached
    within     = 2 (7/8) S / B1             ring within a machine: every GPU sends and receives
    between    = 2 ((M - 1)/M) S / B2       ring of machines, whose network cards carry all of S
    latency    = k (14 a1 + 2 (M - 1) a2)   k buckets, a hop within a machine, and between two
    all-reduce = within + between + latency
    meets at   b = all-reduce P u / F       below it, a step takes the time of its all-reduce

The simulation moves every chunk of every bucket over its links, hop by hop, with the buckets in the
order in which the backward pass makes them. It assumes equal machines, full links and no losses.
"""

import argparse
import dataclasses

GPUS_PER_MACHINE = 8


@dataclasses.dataclass(frozen=True)
class Network:
    """Links: bytes per second and seconds per hop, within a machine and between two."""

    inner: float
    outer: float
    inner_hop: float = 5e-6
    outer_hop: float = 20e-6


def ring(count, size, rate, hop):
    """Seconds of a ring all-reduce of `size` bytes: 2 (n - 1) (size / (n rate) + hop)."""
    return 2 * (count - 1) * (size / (count * rate) + hop) if count > 1 else 0.0


def all_reduce(gpus, size, network):
    """Seconds of the two-level all-reduce of one bucket of `size` bytes over `gpus` GPUs."""
    inner, machines = levels(gpus)
    within = ring(inner, size, network.inner, network.inner_hop)
    return within + ring(machines, size, network.outer, network.outer_hop)


def levels(gpus):
    """(GPUs of a machine, machines)."""
    return min(gpus, GPUS_PER_MACHINE), -(-gpus // GPUS_PER_MACHINE)


def simulated_ring(count, size, rate, hop, start=0.0, free=None):
    """The time at which a ring all-reduce has ended on every member, hop by hop.

    Args:
      count: members of the ring.
      size: bytes.
      rate, hop: of a link.
      start: when the data are there; a number, or one per member.
      free: when each member's outgoing link is free, a list that is updated.

    Returns:
      Seconds at which the last member has all sums.
    """
    if count == 1:
        return max(start) if isinstance(start, list) else start
    ready = list(start) if isinstance(start, list) else [start] * count
    free = [0.0] * count if free is None else free
    for _ in range(2 * (count - 1)):
        arrivals = []
        for member in range(count):
            sent = max(ready[member], free[member]) + size / (count * rate)
            free[member] = sent
            arrivals.append(sent + hop)
        # A member sends on what it has just received.
        ready = [max(ready[m], arrivals[m - 1]) for m in range(count)]
    return max(ready)


def simulated_step(gpus, buckets, compute, network):
    """Seconds of a step: the backward pass makes the buckets, and the network follows.

    Args:
      gpus: how many.
      buckets: bytes of each bucket of gradients, in the order of the backward pass.
      compute: seconds of forward (one third) and backward pass (two thirds).
      network: a Network.
    """
    inner, machines = levels(gpus)
    inside, outside = [0.0] * inner, [0.0] * machines
    made, ended, total = compute / 3, 0.0, sum(buckets)
    for bucket in buckets:
        made += compute * 2 / 3 * bucket / total
        here = simulated_ring(inner, bucket, network.inner, network.inner_hop, made, inside)
        ended = simulated_ring(machines, bucket, network.outer, network.outer_hop, here, outside)
    return max(compute, ended)


def main(flags):
    """Print the table."""
    size = flags.parameters * flags.bytes
    network = Network(flags.nvlink * 1e9, flags.network * 1e9)
    reached = flags.tflops * 1e12 * flags.utilization
    buckets = [size / flags.buckets] * flags.buckets
    print(
        f"{flags.parameters / 1e6:.0f} million parameters, {size / 1e6:.0f} MB of gradients, "
        f"{flags.flops / 1e9:.1f} GFLOP per image and step, {reached / 1e12:.0f} TFLOP/s reached, "
        f"{flags.nvlink:g} GB/s within a machine, {flags.network:g} GB/s between machines."
    )
    print("GPUs   all-reduce   meets compute at      images per GPU: efficiency (simulated)")
    for gpus in flags.gpus:
        seconds = sum(all_reduce(gpus, bucket, network) for bucket in buckets)
        meets = seconds * reached / flags.flops
        shown = []
        for batch in flags.batch:
            compute = batch * flags.flops / reached
            step = simulated_step(gpus, buckets, compute, network)
            shown.append(f"{batch}: {compute / step:4.0%}")
        print(f"{gpus:4} {1000 * seconds:9.1f} ms {meets:9.1f} images per GPU   {'  '.join(shown)}")


def _numbers(text):
    return [int(part) for part in text.split(",")]


def _counts(text):
    """Numbers of GPUs: one machine with at most 8 of them, or whole machines."""
    numbers = _numbers(text)
    for number in numbers:
        if number < 1 or (number > GPUS_PER_MACHINE and number % GPUS_PER_MACHINE):
            raise argparse.ArgumentTypeError(
                f"expected 1 to {GPUS_PER_MACHINE} GPUs, or a multiple of it, got {number}"
            )
    return numbers


def parser():
    """The flags."""
    made = argparse.ArgumentParser("python benchmarks/all_reduce.py")
    made.add_argument("--gpus", type=_counts, default=[8, 64, 512])
    made.add_argument("--batch", type=_numbers, default=[4, 16, 64], help="images per GPU")
    made.add_argument("--parameters", type=float, default=161.7e6)
    made.add_argument("--flops", type=float, default=FLOPS, help="per image, forward and backward")
    made.add_argument("--bytes", type=int, default=4, help="per gradient number")
    made.add_argument("--buckets", type=int, default=25, help="of gradients, of equal size")
    made.add_argument("--tflops", type=float, default=156.0, help="peak of a GPU")
    made.add_argument("--utilization", type=float, default=0.3, help="part of the peak")
    made.add_argument("--nvlink", type=float, default=200.0, help="GB/s of a GPU, one way")
    made.add_argument("--network", type=float, default=25.0, help="GB/s of a machine, one way")
    return made


# seqvae_celeba, 64x64x3: its forward pass has 9.94e9 flops in convolutions and matrix products,
# counted in its graph (a product and a sum are two). The backward pass takes twice as many.
FLOPS = 3 * 9.94e9

if __name__ == "__main__":
    main(parser().parse_args())

"""The simulation of benchmarks/all_reduce.py agrees with the formula where both say the same."""

import pytest

from benchmarks import all_reduce as model

NETWORK = model.Network(inner=2e11, outer=2.5e10)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("hop", [0.0, 2e-5])
def test_the_simulated_ring_takes_the_time_of_the_formula(count, hop):
    expected = model.ring(count, 6.4e8, 2.5e10, hop)
    assert model.simulated_ring(count, 6.4e8, 2.5e10, hop) == pytest.approx(expected, abs=1e-12)


def test_a_late_member_delays_all_by_as_much():
    on_time = model.simulated_ring(8, 1e9, 1e10, 1e-5)
    late = model.simulated_ring(8, 1e9, 1e10, 1e-5, start=[0.0] * 7 + [1.0])
    assert on_time < late <= on_time + 1.0 + 1e-9


@pytest.mark.parametrize("gpus", [1, 8, 64, 512])
def test_a_step_is_at_least_its_parts(gpus):
    buckets, compute = [2.5e7] * 8, 0.1
    step = model.simulated_step(gpus, buckets, compute, NETWORK)
    assert step >= max(compute, model.all_reduce(gpus, sum(buckets), NETWORK) - 1e-9)
    # Nothing beside anything: one after the other.
    alone = sum(model.all_reduce(gpus, bucket, NETWORK) for bucket in buckets)
    assert step <= compute + alone + 1e-9


def test_without_compute_the_buckets_follow_each_other():
    one = model.simulated_step(8, [1e8], 0.0, NETWORK)
    four = model.simulated_step(8, [2.5e7] * 4, 0.0, NETWORK)
    # A link is free while the last chunk is still on its hop.
    hops = 3 * 13 * NETWORK.inner_hop
    assert four == pytest.approx(one + hops, rel=1e-6)


def test_one_machine_has_no_network_between():
    slow = model.Network(inner=2e11, outer=1.0)
    assert model.all_reduce(8, 1e9, slow) == model.all_reduce(8, 1e9, NETWORK)


def test_the_command_prints_a_row_for_each_number_of_gpus(capsys):
    model.main(model.parser().parse_args(["--gpus=8,64", "--batch=4"]))
    assert len(capsys.readouterr().out.splitlines()) == 4

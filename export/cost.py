"""What requests cost: a step of a Gibbs chain, the longest chain, and the server's warm-up."""

import dataclasses

from export.examples import example

# Seconds for the longest chain with the largest batch. The server's REST interface gives up after
# 30 seconds.
BUDGET = 20.0
# No chain is longer by default.
MOST_STEPS = 200
CHAIN = "gibbs_from_noise"


def seconds_per_step(functions, described, rows):
    """Seconds of a Gibbs step with `rows` rows, after a first call; None without such a signature.

    Args:
      functions: the signatures.
      described: {signature: its types}, as in a model card.
      rows: N.
    """
    if CHAIN not in functions:
        return None
    from export.calling import seconds  # This imports TensorFlow, which --help does not need.

    inputs = example(described[CHAIN]["inputs"], rows, {"max_num_steps": 1})
    first = seconds(functions[CHAIN], inputs)
    # A slow step is measured once: the export should not take much longer for it.
    return min(seconds(functions[CHAIN], inputs) for _ in range(3 if first < 1 else 1))


def longest_chain(step):
    """The default of max_num_steps for a step of so many seconds: 1 .. MOST_STEPS."""
    if step is None:
        return MOST_STEPS
    return max(1, min(MOST_STEPS, int(BUDGET / step)))


@dataclasses.dataclass(frozen=True)
class Cost:
    """What was measured at export, on the exporting machine.

    Attributes:
      rows: rows of the measured Gibbs step, the largest batch.
      seconds_per_step: of a Gibbs step; None without Gibbs chains.
      longest_chain_seconds: of max_num_steps such steps.
      warmup_seconds: of all warm-up requests.
    """

    rows: int
    seconds_per_step: float | None
    longest_chain_seconds: float | None
    warmup_seconds: float

    def sentences(self):
        """The numbers in words, without those of chains for a model that has none."""
        found = [
            f"On the exporting machine, the warm-up requests take {self.warmup_seconds:.1f} s: the "
            "server answers only after them."
        ]
        if self.seconds_per_step is not None:
            found.append(
                f"The longest Gibbs chain of a batch of {self.rows} rows takes about "
                f"{self.longest_chain_seconds:.1f} s there, "
                f"{1000 * self.seconds_per_step:.1f} ms for each step."
            )
        return found


def measure(functions, described, limits, step):
    """Measure the warm-up: a Cost.

    Args:
      functions: the signatures.
      described: {signature: its types}.
      limits: a limits.Limits with a number as max_num_steps.
      step: the result of seconds_per_step.
    """
    from export import warmup
    from export.calling import seconds

    requests = warmup.requests(described, limits.warm_up_sizes())
    took = sum(seconds(functions[name], inputs) for name, inputs in requests)
    longest = None if step is None else step * limits.max_num_steps
    return Cost(limits.batch_sizes[-1], step, longest, took)

"""Two ways to do one piece of work, timed in turns: the ratio of their times with its range."""

import statistics
import time


def seconds(work):
    """Seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def compare(title, ours, theirs, amount, unit, turns):
    """Time both in turns, after one call of each that is not counted, and print the result.

    Args:
      title: what is compared.
      ours, theirs: functions without arguments.
      amount, unit: of the work of one call, such as 6000 and "images".
      turns: timed calls of each.

    Returns:
      The median of the ratios theirs / ours: above 1, ours is faster.
    """
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(turns)]
    ratios = sorted(other / own for own, other in pairs)
    rates = [amount / statistics.median(column) for column in zip(*pairs, strict=True)]
    print(
        f"{title}: ours {rates[0]:.4g}, theirs {rates[1]:.4g} {unit} per second; "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}, "
        f"{turns} turns)",
        flush=True,
    )
    return statistics.median(ratios)

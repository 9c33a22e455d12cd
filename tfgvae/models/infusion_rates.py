"""The infusion rate a(t) of step t = 0, 1, ... of a chain: functions of (t, rate, growth)."""


def constant(t: int, rate: float, growth: float) -> float:
    """a(t) = rate."""
    del t, growth
    return rate


def linear(t: int, rate: float, growth: float) -> float:
    """a(t) = a(t-1) + growth, a(0) = rate, at most 1 (Bordes et al. 2017)."""
    return min(1.0, rate + growth * t)


RATES = {"constant": constant, "linear": linear}

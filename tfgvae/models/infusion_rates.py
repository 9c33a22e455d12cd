"""The infusion rate a(t) of step t = 0, 1, ... of a chain: functions of (t, rate, growth)."""


def constant(t, rate, growth):
    """a(t) = rate."""
    del t, growth
    return rate


def linear(t, rate, growth):
    """a(t) = a(t-1) + growth from a(0) = rate on, at most 1: that of Bordes et al. 2017."""
    return min(1.0, rate + growth * t)


RATES = {"constant": constant, "linear": linear}

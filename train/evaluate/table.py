"""The table on the terminal: name, value +- standard error, kind, unit, count."""

import math

HEADER = ("", "value", "kind", "unit", "count")


def digits(value, error):
    """(value, error) as text: the error with two digits, the value to the same decimal place."""
    if error is None or not math.isfinite(error):
        return f"{value:.4g}", ""
    if error == 0:
        return f"{value:.5g}", "0"
    place = max(0, 1 - math.floor(math.log10(error)))
    if place > 9:
        return f"{value:.4g}", f"{error:.2g}"
    return f"{value:.{place}f}", f"{error:.{place}f}"


def shown(estimate):
    """ "value +- standard error" of an Estimate."""
    value, error = digits(estimate.value, estimate.standard_error)
    return f"{value} +- {error}" if error else value


def rows(report, sections):
    """Yield (name, value, kind, unit, count), or (name, reason) for a metric that is not done."""
    for name, entry in report["metrics"].items():
        if entry["status"] != "done":
            yield name, f"{entry['status']}: {entry['reason']}"
            continue
        for key, number in sections[name].numbers.items():
            e = number.estimate
            yield f"{name}.{key}", shown(e), e.kind, e.unit, str(e.count or "")


def text(report, sections):
    """The table as one string with aligned columns."""
    found = [HEADER, *rows(report, sections)]
    full = [row for row in found if len(row) == len(HEADER)]
    widths = [max(len(row[i]) for row in full) for i in range(len(HEADER))]
    widths[0] = max(len(row[0]) for row in found)
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=False)) for row in found
    ]
    return "\n".join(line.rstrip() for line in lines)

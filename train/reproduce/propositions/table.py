"""The rows as a table, for the terminal."""


def number(value):
    """A number in at most 9 characters; a rounding error of 0 becomes 0."""
    if value is None:
        return "-"
    if abs(value) < 1e-12:
        return "0"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e5 else f"{value:.1e}"


def claimed(row):
    """The paper's claim about the quantity, such as "= 0"."""
    return f"{row.relation} {number(row.claimed)}"


def verdict(row):
    """ "holds", "fails, as expected", or a description of the disagreement."""
    if row.as_expected:
        return "holds" if row.expected == "holds" else "fails, as expected"
    return f"{row.verdict.upper()}, expected: {row.expected}"


def as_text(rows):
    """Lines for the terminal: each claim with its cases, and the count at the end."""
    lines, last = [], None
    for row in rows:
        if (row.proposition, row.claim) != last:
            last = row.proposition, row.claim
            name = f"Prop. {row.proposition}" if row.proposition.isdigit() else row.proposition
            lines += ["", f"{name}: {row.claim}"]
        lines.append(f"  [{verdict(row)}] condition {row.condition}: {row.case}")
        exact = "" if row.exact is None else f"exact {number(row.exact)}, "
        lines.append(
            f"      {row.quantity} {claimed(row)}: {exact}measured {number(row.measured)}"
            f" +- {number(row.tolerance)} ({row.method})"
        )
        if row.note:
            lines.append(f"      {row.note}")
    good = sum(row.as_expected for row in rows)
    return [*lines, "", f"{good} of {len(rows)} rows as expected."]

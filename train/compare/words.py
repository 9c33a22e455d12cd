"""Values and differences as text, for the terminal and for the page."""

import json

from train.evaluate import table


def shown(value):
    """A value of a configuration as text: as a flag takes it; "-" for one that is not set."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value)


def signed(estimate):
    """A difference as text, with its sign."""
    told = table.shown(estimate)
    return told if told.startswith("-") else f"+{told}"

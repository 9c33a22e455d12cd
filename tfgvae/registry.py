"""Components by name: a table a folder, one lookup, errors that list what is known."""

import inspect


def lookup(table, name, kind="component"):
    """Return `table[name]`.

    Raises:
      ValueError: `name` is not in the table; the message lists the known names.
    """
    if name not in table:
        raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(sorted(table))}")
    return table[name]


def arguments(component):
    """Names of the keyword arguments that a component's constructor takes, in order."""
    parameters = inspect.signature(component.__init__).parameters.values()
    return [p.name for p in parameters if p.name != "self" and p.kind != p.VAR_KEYWORD]


def make(table, spec, kind="component", **given):
    """Build a component from a specification.

    Args:
      table: the folder's table, name -> class.
      spec: an instance (returned as it is), a name, or a dict `{"name": ..., argument: value}`.
        An argument whose value is None keeps the class's default.
      kind: the word for the component in errors.
      **given: arguments that the caller supplies, where the class takes them.

    Raises:
      ValueError: an unknown name, or an argument that the named class does not take.
    """
    if not isinstance(spec, (str, dict)):
        return spec
    options = {"name": spec} if isinstance(spec, str) else dict(spec)
    if "name" not in options:
        raise ValueError(f"a {kind} specification needs a 'name', got {spec!r}")
    name = options.pop("name")
    cls = lookup(table, name, kind)
    takes = arguments(cls)
    options = {k: v for k, v in options.items() if v is not None}
    unknown = sorted(set(options) - set(takes))
    if unknown:
        raise ValueError(f"{kind} {name!r} takes no {', '.join(unknown)}; it takes: {takes}")
    options.update({k: v for k, v in given.items() if k in takes})
    return cls(**options)

"""Components by name: one table for each folder, one lookup, errors that list the known names."""

import inspect
from collections.abc import Mapping
from typing import Any


def lookup(table: Mapping[str, Any], name: str, kind: str = "component") -> Any:
    """Return `table[name]`.

    >>> lookup({"one": 1, "two": 2}, "two")
    2
    >>> lookup({"one": 1, "two": 2}, "three", kind="number")
    Traceback (most recent call last):
    ValueError: unknown number 'three'; known: one, two

    Raises:
      ValueError: `name` is not in the table; the message lists the known names.
    """
    if name not in table:
        raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(sorted(table))}")
    return table[name]


def arguments(component: Any) -> list[str]:
    """Names of the keyword arguments that a component's constructor takes, in order.

    >>> class Part:
    ...     def __init__(self, width, depth=2, **kwargs): ...
    >>> arguments(Part)
    ['width', 'depth']
    """
    parameters = inspect.signature(component.__init__).parameters.values()
    return [p.name for p in parameters if p.name != "self" and p.kind != p.VAR_KEYWORD]


def settable(component: Any) -> list[str]:
    """Those of `arguments` that a user may set: all but the ones in the class's `supplied`.

    A class without a constructor of its own, here or in a base class of ours, has none: Keras's own
    arguments are no options.
    """
    owner = next(cls for cls in component.__mro__ if "__init__" in vars(cls))
    if owner.__module__.partition(".")[0] == "keras":
        return []
    return [name for name in arguments(component) if name not in component.supplied]


def make(
    table: Mapping[str, type],
    spec: Any,
    kind: str = "component",
    base: type | None = None,
    **given: Any,
) -> Any:
    """Build a component from a specification.

    Args:
      table: the folder's table, name -> class.
      spec: an instance (returned as it is), a name, or a dict `{"name": ..., argument: value}`.
        An argument whose value is None keeps the class's default.
      kind: the word for the component in errors.
      base: the class that an instance must have; None: one of the table's.
      **given: arguments that the caller supplies, where the class takes them.

    Raises:
      TypeError: a specification that is neither an instance of `base`, nor a name, nor a dict.
      ValueError: an unknown name, an argument that the named class does not take, or one that
        the caller supplies.
    """
    if isinstance(spec, base or tuple(table.values())):
        return spec
    if not isinstance(spec, (str, dict)):
        expected = f"an instance of {base.__name__}" if base else "an instance"
        raise TypeError(
            f"{kind} must be {expected}, one of the names {', '.join(sorted(table))}, or a dict "
            f'{{"name": ..., argument: value}}, got {spec!r}'
        )
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
    twice = sorted(set(options) & set(given))
    if twice:
        raise ValueError(f"the {', '.join(twice)} of a {kind} is not free: the model supplies it")
    return cls(**options, **{k: v for k, v in given.items() if k in takes})

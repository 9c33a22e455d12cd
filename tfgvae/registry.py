"""Components by name: one table for each folder, one lookup, errors that list the known names."""

import importlib
import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import keras

OURS = ("configs", "export", "tfgvae", "train")  # Our packages.


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
    stars = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.name != "self" and p.kind not in stars]


def settable(component: Any) -> list[str]:
    """Those of `arguments` that a user may set: all but the ones in the class's `supplied`.

    A class without a constructor of its own, here or in a base class of ours, has none: Keras's own
    arguments are no options.
    """
    owner = next(cls for cls in component.__mro__ if "__init__" in vars(cls))
    if owner.__module__.partition(".")[0] == "keras":
        return []
    return [name for name in arguments(component) if name not in getattr(component, "supplied", ())]


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
      spec: an instance (returned as it is), a name, a class, or a dict `{"name": ..., argument:
        value}` with a name or a class. An argument whose value is None keeps the class's default.
      kind: the word for the component in errors.
      base: the class that an instance must have; None: one of the table's.
      **given: arguments that the caller supplies, where the class takes them.

    Raises:
      TypeError: a specification that is neither an instance of `base`, nor a name, nor a class,
        nor a dict; or a class that does not derive from `base`.
      ValueError: an unknown name, a class that Keras could not load, an argument that the named
        class does not take, or one that the caller supplies.
    """
    if isinstance(spec, base or tuple(table.values())):
        return spec
    if not isinstance(spec, (str, dict, type)):
        expected = f"an instance of {base.__name__}" if base else "an instance"
        raise TypeError(
            f"{kind} must be {expected}, one of the names {', '.join(sorted(table))}, a class, or "
            f'a dict {{"name": ..., argument: value}}, got {spec!r}'
        )
    options = dict(spec) if isinstance(spec, dict) else {"name": spec}
    if "name" not in options:
        raise ValueError(f"a {kind} specification needs a 'name', got {spec!r}")
    name = options.pop("name")
    cls = name if isinstance(name, type) else lookup(table, name, kind)
    _check_class(cls, kind, base or tuple(table.values()))
    shown = cls.__name__ if isinstance(name, type) else repr(name)
    takes = arguments(cls)
    options = {k: v for k, v in options.items() if v is not None}
    twice = sorted(set(options) & set(given))
    if twice:
        raise ValueError(f"the {', '.join(twice)} of a {kind} is not free: the model supplies it")
    unknown = sorted(set(options) - set(takes))
    if unknown:
        raise ValueError(f"{kind} {shown} takes no {', '.join(unknown)}; it takes: {takes}")
    return cls(**options, **{k: v for k, v in given.items() if _passes_on(cls, k)})


def _check_class(cls, kind, base):
    """Check that a class is one of the kind, and that a saved model with it can be loaded."""
    if not issubclass(cls, base):
        expected = base.__name__ if isinstance(base, type) else "a class of the table"
        raise TypeError(f"{kind} must be a subclass of {expected}, got the class {cls.__name__}")
    if keras.saving.get_registered_name(cls) == cls.__name__:
        raise ValueError(
            f"the {kind} {cls.__name__} is not registered with Keras, so a saved model could not "
            'be loaded: put @keras.saving.register_keras_serializable("my_package") above its class'
        )


def _passes_on(cls, argument):
    """Whether a constructor takes an argument: by its name, or by **kwargs for its base class."""
    for owner in cls.__mro__:
        if "__init__" not in vars(owner):
            continue
        parameters = inspect.signature(vars(owner)["__init__"]).parameters
        if argument in parameters:
            return True
        if all(p.kind != p.VAR_KEYWORD for p in parameters.values()):
            return False
    return False


def bring_in(modules: Sequence[str], where: str | os.PathLike) -> None:
    """Import modules with components of the user, which put their classes into our tables.

    They are looked for where Python looks and in the current directory, as with `python -m`.

    Args:
      modules: dotted names.
      where: what names the modules, for errors: a flag, or the path of a config.json.

    Raises:
      ValueError: what is not a module's name, a module that is not there, or one that fails.
    """
    if not isinstance(modules, (tuple, list)):
        raise ValueError(f"{where}: imports must be a list of modules, got {modules!r}")
    if not modules:
        return
    here = os.getcwd()
    if not {"", here} & set(sys.path):
        sys.path.insert(0, here)
    for name in modules:
        _check_module_name(name, where)
        try:
            importlib.import_module(name)
        except Exception as error:  # The module of a user can raise anything.
            missing = isinstance(error, ModuleNotFoundError) and error.name
            if missing and f"{name}.".startswith(f"{missing}."):
                raise ValueError(
                    f"there is no module {name!r}, which {where} names: run in the folder that "
                    "has it, or put that folder on PYTHONPATH, or correct the name"
                ) from error
            raise ValueError(
                f"the module {name!r}, which {where} names, cannot be imported: "
                f"{type(error).__name__}: {' '.join(str(error).split())}"
            ) from error


def _check_module_name(name, where):
    if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{where} must name a module, such as my_parts, got {name!r}")
    if name.partition(".")[0] in OURS:
        raise ValueError(f"{where} must name a module of yours, {name!r} is one of tfgvae's names")
    if name.endswith(".py"):
        raise ValueError(f"{where} must name a module, {name[:-3]!r}, not a file, got {name!r}")

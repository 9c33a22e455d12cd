"""Names, arguments and defaults of components, read from the source code.

Importing tfgvae also imports TensorFlow, which takes seconds. `--help` and the checks of a command
line need only the tables (`FAMILIES = {...}` in tfgvae/families/__init__.py) and the constructors
of their classes.

A module of the user may add its own classes to the tables (--import). It imports TensorFlow, so
these classes are read as Python sees them.
"""

import ast
import dataclasses
import functools
import inspect
import sys

from configs.source import OURS, read

# Kind of component -> (the module with its table, the table).
TABLES = {
    "model": ("tfgvae.models", "MODELS"),
    "family": ("tfgvae.families", "FAMILIES"),
    "mapping": ("tfgvae.mappings", "MAPPINGS"),
    "inference": ("tfgvae.inference", "INFERENCE"),
    "regularizer": ("tfgvae.regularizers", "REGULARIZERS"),
    "prior": ("tfgvae.priors", "PRIORS"),
    "corruption": ("tfgvae.corruptions", "CORRUPTIONS"),
    "objective": ("tfgvae.objectives", "OBJECTIVES"),
}
# The parts of a model.
PARTS = tuple(kind for kind in TABLES if kind != "model")


@dataclasses.dataclass(frozen=True)
class Argument:
    """An argument of a constructor: its annotation and its default, or None."""

    annotation: object
    default: object


@dataclasses.dataclass(frozen=True)
class Component:
    """A class of a table.

    Attributes:
      arguments: {name: Argument} that a user may set.
      supplied: {name: Argument} of the others, which are listed in the class's `supplied`.
      needs_normal_prior: of a regularizer.
    """

    arguments: dict
    supplied: dict
    needs_normal_prior: bool = False

    @property
    def parts(self):
        """{kind: default} of a model; a default is a name or a dict {"name", argument: value}."""
        return {k: self.supplied[k].default for k in PARTS if k in self.supplied}


def check_name(names, name, kind):
    """Check that `name` is one of `names`, with the error of tfgvae.registry.lookup.

    Raises:
      ValueError: `name` is not in `names`; the message lists the known names.
    """
    if name not in names:
        raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(sorted(names))}")


def table(kind):
    """{name: Component} of a kind in TABLES: ours, and those that were added in this process.

    Raises:
      ValueError: a name of ours has another class than ours.
    """
    return {**_built_in(kind), **_added(kind)}


@functools.cache
def _built_in(kind):
    return components(*TABLES[kind])


def _added(kind):
    """{name: Component} of the classes of others in a table, if it is imported."""
    module, variable = TABLES[kind]
    added = {}
    for name, cls in getattr(sys.modules.get(module), variable, {}).items():
        if not isinstance(cls, type):
            raise ValueError(
                f"the {kind} {name!r} in {module}.{variable} must be a class, got {cls!r}"
            )
        if name not in _built_in(kind):
            added[name] = _live(cls)
        elif cls.__module__.partition(".")[0] not in OURS:
            raise ValueError(
                f"{cls.__module__} replaces the {kind} {name!r} of tfgvae: give its class "
                "another name in the table"
            )
    return added


def components(module, variable):
    """{name: Component} of a table of classes."""
    return {name: _component(*found) for name, found in _entries(module, variable).items()}


def summaries(module, variable):
    """{name: first line of its docstring} of a table of classes or functions."""
    entries = _entries(module, variable)
    return {name: ast.get_docstring(node).partition("\n")[0] for name, (_, node) in entries.items()}


def names(module, variable):
    """The keys of a table."""
    source, node = read(module).find(variable)
    return tuple(source.value(key) for key in node.keys)


def constant(module, variable):
    """The value of a constant."""
    source, node = read(module).find(variable)
    return source.value(node)


def _entries(module, variable):
    source, node = read(module).find(variable)
    return {source.value(k): source.follow(v) for k, v in zip(node.keys, node.values, strict=True)}


def _component(source, node):
    arguments = _inherited(source, node, _constructor) or {}
    supplied = _inherited(source, node, _attribute("supplied")) or ()
    return Component(
        {name: argument for name, argument in arguments.items() if name not in supplied},
        {name: argument for name, argument in arguments.items() if name in supplied},
        bool(_inherited(source, node, _attribute("needs_normal_prior"))),
    )


def _live(cls):
    """The Component of a class that is imported."""
    from tfgvae import registry  # This imports TensorFlow, as the class has done.

    signature, supplied = _signature(cls), getattr(cls, "supplied", ())
    return Component(
        {name: signature[name] for name in registry.settable(cls)},
        {name: signature[name] for name in registry.arguments(cls) if name in supplied},
        getattr(cls, "needs_normal_prior", False),
    )


def _signature(cls):
    """{name: Argument} of a constructor."""
    try:
        found = inspect.signature(cls.__init__, eval_str=True)
    except Exception:  # An annotation that only type checkers can read can raise anything.
        found = inspect.signature(cls.__init__)
    return {
        p.name: Argument(None if p.annotation is p.empty else p.annotation, _literal(p.default))
        for p in found.parameters.values()
    }


def _literal(default):
    """A default as config.json can hold it; None, the class's default, for any other object."""
    if isinstance(default, (tuple, list)):
        values = tuple(_literal(value) for value in default)
        return None if None in values else values
    return default if isinstance(default, (bool, int, float, str)) else None


def _inherited(source, node, own):
    """The result of `own` for a class, or for its first base in our code that has one, or None."""
    found = own(source, node)
    bases = (source.follow(base) for base in node.bases)
    for base in bases if found is None else ():
        found = base and _inherited(*base, own)
        if found is not None:
            break
    return found


def _attribute(name):
    """A function that reads the class attribute of that name, or None."""

    def found(source, node):
        for item in node.body:
            one = getattr(item, "target", None)
            targets = item.targets if isinstance(item, ast.Assign) else [one]
            if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                return source.value(item.value)
        return None

    return found


def _constructor(source, node):
    """{name: Argument} of the constructor that a class defines, or None."""
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    spec = next((item.args for item in methods if item.name == "__init__"), None)
    if spec is None:
        return None
    positional = [*spec.posonlyargs, *spec.args][1:]  # without self
    none = [None] * (len(positional) - len(spec.defaults))
    taken = [*positional, *spec.kwonlyargs]
    defaults = [*none, *spec.defaults, *spec.kw_defaults]
    return {
        argument.arg: Argument(_annotation(source, argument.annotation), _value(source, default))
        for argument, default in zip(taken, defaults, strict=True)
    }


def _value(source, expression):
    return None if expression is None else source.value(expression)


def _annotation(source, expression):
    value = _value(source, expression)
    # An annotation may be in quotes.
    return source.value(ast.parse(value, mode="eval").body) if isinstance(value, str) else value

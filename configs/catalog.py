"""Names, arguments and defaults of components, read from the source code.

Importing tfgvae also imports TensorFlow, which takes seconds. `--help` and the checks of a command
line need only the tables (`FAMILIES = {...}` in tfgvae/families/__init__.py) and the constructors
of their classes.
"""

import ast
import dataclasses
import functools

from configs.source import read

# Kind of component -> (the module with its table, the table).
TABLES = {
    "model": ("tfgvae.models", "MODELS"),
    "family": ("tfgvae.families", "FAMILIES"),
    "mapping": ("tfgvae.mappings", "MAPPINGS"),
    "inference": ("tfgvae.inference", "INFERENCE"),
    "regularizer": ("tfgvae.regularizers", "REGULARIZERS"),
    "prior": ("tfgvae.priors", "PRIORS"),
    "corruption": ("tfgvae.corruptions", "CORRUPTIONS"),
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
    """

    arguments: dict
    supplied: dict

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


@functools.cache
def table(kind):
    """{name: Component} of a kind in TABLES."""
    return components(*TABLES[kind])


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
    supplied = _inherited(source, node, _supplied) or ()
    return Component(
        {name: argument for name, argument in arguments.items() if name not in supplied},
        {name: argument for name, argument in arguments.items() if name in supplied},
    )


def _inherited(source, node, own):
    """The result of `own` for a class, or for its first base in our code that has one, or None."""
    found = own(source, node)
    bases = (source.follow(base) for base in node.bases)
    for base in bases if found is None else ():
        found = base and _inherited(*base, own)
        if found is not None:
            break
    return found


def _supplied(source, node):
    for item in node.body:
        targets = item.targets if isinstance(item, ast.Assign) else [getattr(item, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == "supplied" for t in targets):
            return source.value(item.value)
    return None


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

"""Typed configuration fields for the arguments of a table of components."""

import types
import typing

from ml_collections import config_dict

PLAIN = (bool, int, float, str, tuple)


def field_type(argument):
    """The type of a configuration field that holds a catalog.Argument.

    It is the type of the annotation, or of the default if there is no annotation. Optional[T] is T;
    tuple[...] and list[...] are tuple; any other type is `object`, which takes any Python literal.
    """
    annotation = argument.annotation
    return _plain(type(argument.default) if annotation is None else annotation)


def _plain(annotation):
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [a for a in typing.get_args(annotation) if a is not type(None)]
        return merge([_plain(a) for a in members])
    annotation = typing.get_origin(annotation) or annotation
    if annotation is list:
        return tuple
    return annotation if annotation in PLAIN else object


def merge(kinds):
    """One type for an argument of several classes: int and float make float."""
    kinds = set(kinds)
    if len(kinds) == 1:
        return kinds.pop()
    return float if kinds == {int, float} else object


def component(table, name=None):
    """A section for one component: its name, and all arguments of the table's components.

    Args:
      table: name -> catalog.Component.
      name: the component's name; None leaves the choice to the model's default.

    Returns:
      ConfigDict whose arguments have types and are None, which means the class's default.
    """
    kinds = {}
    for entry in table.values():
        for argument, found in entry.arguments.items():
            kinds.setdefault(argument, []).append(field_type(found))
    section = config_dict.ConfigDict({"name": config_dict.placeholder(str)})
    for argument, found in kinds.items():
        section[argument] = config_dict.placeholder(merge(found))
    section.name = name
    return section

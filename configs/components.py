"""Typed configuration fields for a table of components, read from their constructors."""

import inspect
import types
import typing

from ml_collections import config_dict

PLAIN = (bool, int, float, str, tuple)


def field_type(annotation):
    """The type of a configuration field that holds an argument with this annotation.

    Optional[T] is T, tuple[...] and list[...] are tuple; whatever is not plain is `object`, which
    takes any Python literal.
    """
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [a for a in typing.get_args(annotation) if a is not type(None)]
        return merge([field_type(a) for a in members])
    annotation = typing.get_origin(annotation) or annotation
    if annotation is list:
        return tuple
    return annotation if annotation in PLAIN else object


def merge(kinds):
    """One type for an argument that several classes annotate: int and float make float."""
    kinds = set(kinds)
    if len(kinds) == 1:
        return kinds.pop()
    return float if kinds == {int, float} else object


def component(table, name=None, exclude=()):
    """A section for one component: its name, and every annotated argument of the table's classes.

    Args:
      table: name -> class.
      name: the component's name; None leaves the choice to the model's default.
      exclude: arguments that do not belong to the section.

    Returns:
      ConfigDict whose arguments are None, "the class's default", and typed by the annotations.
    """
    kinds = {}
    for cls in table.values():
        for parameter in inspect.signature(cls.__init__).parameters.values():
            # What has no annotation (shapes, other components) is the model's to supply.
            if parameter.annotation is parameter.empty or parameter.name in exclude:
                continue
            kinds.setdefault(parameter.name, []).append(field_type(parameter.annotation))
    section = config_dict.ConfigDict({"name": config_dict.placeholder(str)})
    for argument, found in kinds.items():
        section[argument] = config_dict.placeholder(merge(found))
    section.name = name
    return section

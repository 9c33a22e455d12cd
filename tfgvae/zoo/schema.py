"""Check a value against a JSON schema: the few words of the standard that our schema uses.

See https://json-schema.org/draft/2020-12. Not all of it is here: `KNOWN` lists what is, and another
word in a schema is an error.
"""

import math
import re
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
# Words that say nothing about the value.
_NOTES = {"$schema", "$id", "title", "description", "$defs"}
_CHECKS = {
    "type",
    "enum",
    "pattern",
    "minLength",
    "minItems",
    "minimum",
    "items",
    "required",
    "properties",
    "additionalProperties",
}
KNOWN = _NOTES | _CHECKS


def problem(value: Any, schema: dict[str, Any], where: str = "") -> str | None:
    """The first thing in which a value differs from a schema, as a sentence; None if it fits.

    >>> problem({"a": 1}, {"type": "object", "properties": {"a": {"type": "string"}}})
    'a must be of type string, got 1'

    Raises:
      ValueError: the schema has a word that is not in KNOWN.
    """
    unknown = set(schema) - KNOWN
    if unknown:
        raise ValueError(f"the schema has {sorted(unknown)}; known: {sorted(KNOWN)}")
    name = where or "the whole"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return f"{name} must be of type {' or '.join(kinds)}, got {_shown(value)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{name} must be one of {schema['enum']}, got {_shown(value)}"
    return (
        _of_text(value, schema, name)
        or _of_number(value, schema, name)
        or _of_list(value, schema, name, where)
        or _of_object(value, schema, name, where)
    )


def _is(value, kind):
    # In Python True is an int; in JSON it is not.
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _shown(value):
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + " ..."


def _of_text(value, schema, name):
    if not isinstance(value, str):
        return None
    if len(value) < schema.get("minLength", 0):
        least = schema["minLength"]
        return f"{name} must have at least {least} character{'s' * (least > 1)}, got {value!r}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return f"{name} must match {schema['pattern']}, got {_shown(value)}"
    return None


def _of_number(value, schema, name):
    if not _is(value, "number"):
        return None
    # JSON has no others, but Python reads them.
    if not _is_finite(value):
        return f"{name} must be finite, got {_shown(value)}"
    if "minimum" in schema and value < schema["minimum"]:
        return f"{name} must be >= {schema['minimum']}, got {value!r}"
    return None


def _is_finite(number):
    try:
        return math.isfinite(number)
    except OverflowError:  # An integer of hundreds of digits.
        return False


def _of_list(value, schema, name, where):
    if not isinstance(value, list):
        return None
    if len(value) < schema.get("minItems", 0):
        return f"{name} must have at least {schema['minItems']} items, got {len(value)}"
    found = (problem(v, schema.get("items", {}), f"{where}[{i}]") for i, v in enumerate(value))
    return next((said for said in found if said), None)


def _of_object(value, schema, name, where):
    if not isinstance(value, dict):
        return None
    missing = [key for key in schema.get("required", ()) if key not in value]
    if missing:
        return f"{name} must have {', '.join(missing)}"
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
    for key, item in value.items():
        if key not in properties and rest is False:
            return f"{name} has the unknown field {key!r}"
        wanted = properties.get(key, rest if isinstance(rest, dict) else {})
        said = problem(item, wanted, f"{where}.{key}" if where else str(key))
        if said:
            return said
    return None

"""JSON Schema 2020-12 of a record, as it is published."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from inspect import cleandoc
from typing import Any

import msgspec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: The end of a text in patterns of Python; JSON Schema writes ``$``.
END = r"\Z"

#: By this field a document says to an editor which schema it has.
ADDRESS = "$schema"
_ADDRESS = {
    "type": "string",
    "title": "Address of the schema",
    "description": "Where an editor finds this schema. It is read by editors alone, and not signed.",
    "examples": ["label-v1.json"],
    "x-privacy": "system",
}


@functools.cache
def json_schema(record: type, name: str, *, addressed: bool = False) -> dict[str, Any]:
    """Return the schema of ``record``; unknown fields are a fault, so that a typo is never signed.

    It is made once, which takes as long as to check ten labels, and is not to be changed.  Its ``$id`` is an address
    of no page, and never changes.  A document that is ``addressed`` may name its schema in ``$schema``.
    """
    made = msgspec.json.schema(record, ref_template="#/$defs/{name}")
    _end_as_published(made)
    for definition in made["$defs"].values():
        if "description" in definition:  # msgspec before 0.23 hands on a docstring with the indent of its source
            definition["description"] = cleandoc(definition["description"])
        if definition.get("type") == "object":
            definition["additionalProperties"] = False
    if addressed:
        made["$defs"][record.__name__]["properties"][ADDRESS] = _ADDRESS
    return {"$schema": DIALECT, "$id": f"urn:provlabel:schema:{name}", **made}


def _end_as_published(node: Any) -> None:
    for name, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if name == "pattern" and isinstance(value, str):
            node[name] = value.replace(END, "$")
        elif isinstance(value, (dict, list)):
            _end_as_published(value)


def node_at(schema: dict[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    """Return the part of ``schema`` that describes the value at ``path``; empty where it says nothing."""
    here = _resolved(schema, schema)
    for part in path:
        below = here.get("items") if isinstance(part, int) else here.get("properties", {}).get(part)
        here = _resolved(below or {}, schema)
    return here


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = node.get("$ref", "").rpartition("/")[2]
    return schema["$defs"][name] if name else node

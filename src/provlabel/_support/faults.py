"""What is wrong with a document that a person wrote: all faults at once, each with its place and its hint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from provlabel._support.json_schema import node_at
from provlabel._support.text import printable
from provlabel._support.toml import in_toml


class Fault(Struct, frozen=True, kw_only=True):
    """One fault; ``fix`` is the right value where there is exactly one."""

    at: str  #: JSON pointer
    message: str
    hint: str = ""
    level: Literal["error", "warning"] = "error"
    fix: Any = None


#: Says what a pattern of a schema wants, for the part of the schema that has it.
Form = Callable[[dict[str, Any]], str]


def _no_line(_place: Sequence[str | int], _given: str) -> str:
    return ""


class Hints(NamedTuple):
    """What to do about faults of one sort of documents."""

    form: Form  #: of a text that has another form
    schema: str  #: where the schema can be seen
    unknown: str  #: for a field that is like no other
    #: What to write in place of a value, or of a field whose place ends with its name; nothing where nobody knows.
    line: Callable[[Sequence[str | int], str], str] = _no_line


def schema_faults(data: Any, schema: dict[str, Any], hints: Hints) -> Iterator[Fault]:
    """Yield every way in which ``data`` breaks ``schema``."""
    import jsonschema_rs

    for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(data):
        node = node_at(schema, error.instance_path)
        table = _table_of(error, node, schema)
        if table is None:
            yield from _schema_fault(error, node, hints)
            continue
        place = "".join(f"/{pointer_part(str(part))}" for part in error.instance_path)
        inside = schema_faults(error.instance, table, hints)
        yield from (msgspec.structs.replace(fault, at=f"{place}{fault.at}") for fault in inside)


def _table_of(error: Any, node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a table that could stand where several things can, if a table does stand there."""
    if not isinstance(error.instance, dict) or type(error.kind).__name__.rpartition("_")[2] != "AnyOf":
        return None
    resolved = (node_at({**part, "$defs": schema["$defs"]}, ()) for part in node["anyOf"])
    found = next((part for part in resolved if part.get("type") == "object"), None)
    return None if found is None else {**found, "$defs": schema["$defs"]}


def _schema_fault(error: Any, node: dict[str, Any], hints: Hints) -> Iterator[Fault]:
    pointer = "".join(f"/{pointer_part(str(part))}" for part in error.instance_path)
    kind = error.kind
    name = type(kind).__name__.rpartition("_")[2]
    if name == "AdditionalProperties":
        for field in kind.unexpected:
            hint = instead(field, tuple(node.get("properties", ())), hints.line((*error.instance_path, field), ""))
            yield Fault(at=f"{pointer}/{pointer_part(field)}", message="unknown field", hint=hint or hints.unknown)
    elif name == "Enum":
        terms = list(kind.options)
        given = error.instance if isinstance(error.instance, str) else ""
        same = next((term for term in terms if term.casefold() == given.casefold()), None)
        hint = instead(given, terms, hints.line(error.instance_path, given))
        hint = hint or "one of: " + ", ".join(map(str, terms))
        yield Fault(at=pointer, message=f"unknown value {printable(repr(error.instance), 80)}", hint=hint, fix=same)
    elif name == "Required":
        example = _example(node.get("properties", {}).get(kind.property, {}))
        hint = f"such as {kind.property} = {example}" if example else hints.schema
        yield Fault(at=pointer, message=f"{kind.property} is missing", hint=hint)
    elif name == "AnyOf" and {"type"} <= set(node["anyOf"][0]):
        types = " nor ".join(f'"{part.get("type", "table")}"' for part in node["anyOf"])
        hint = hints.schema
        yield Fault(at=pointer, message=f"{printable(repr(error.instance), 80)} is neither {types}", hint=hint)
    elif name == "Pattern":
        yield Fault(at=pointer, message="not of the right form", hint=hints.form(node))
    else:
        example = _example(node)
        hint = f"such as {example}" if example else hints.schema
        yield Fault(at=pointer, message=printable(_shortened(error.message), 300), hint=hint)


def _shortened(message: str) -> str:
    """Return a message without the middle of a long value: what is wrong with it stands at the end."""
    return message if len(message) <= 300 else f"{message[:150]}…{message[-149:]}"


def instead(given: str, terms: Sequence[str], line: str = "") -> str:
    """Say what to write in place of a word: it in other case, a line that is known, or the term most like it."""
    same = next((str(term) for term in terms if str(term).casefold() == given.casefold()), "")
    if line and not same:
        return f"write {line}"
    near = same or nearest(given, terms)
    return f"did you mean {near}?" if near else ""


def _example(node: dict[str, Any]) -> str:
    """Return the example of a part of a schema, as TOML has it; nothing where there is none."""
    example = next(iter(node.get("examples", ())), None)
    return "" if example is None else in_toml(example)


def pointer_part(part: str) -> str:
    """Return ``part`` as it stands in a JSON pointer (RFC 6901 §3), fit to be printed."""
    return printable(part.replace("~", "~0").replace("/", "~1"))


def placed(exc: msgspec.ValidationError) -> tuple[str, str]:
    """Split a complaint of msgspec's into what it says and where: ``$.systems[0].name`` is ``/systems/0/name``."""
    what, _, where = str(exc).partition(" - at ")
    return what, where.strip("`").removeprefix("$").replace("[", ".").replace("]", "").replace(".", "/")


def nearest(word: str, terms: Sequence[str]) -> str:
    """Return the term most like ``word``, or nothing when none is like it."""
    import difflib

    return next(iter(difflib.get_close_matches(word, terms, 1)), "")

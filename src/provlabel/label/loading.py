"""Read a label from JSON or TOML, strictly: what provlabel does not know is never signed."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from provlabel._support.faults import Fault, Hints, instead, placed, pointer_part, schema_faults
from provlabel._support.files import open_regular
from provlabel._support.json_schema import ADDRESS, json_schema, node_at
from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel._support.types import ready
from provlabel.errors import LabelError
from provlabel.label.records import ASCII, HEX_64, ID, LANGUAGE, ONE_LINE, RFC_3339, SCHEMA, URL, Label
from provlabel.label.synonyms import field_for, line_for

#: Bytes of a label file; the largest sensible label is a hundredth of it.
MAX_FILE = 4 << 20
#: Levels of nesting; the engine refuses a few more than a hundred.
MAX_DEPTH = 32


def load_label(path: Path | str) -> Label:
    """Read the label file ``path`` (``.toml`` is TOML, everything else JSON, both UTF-8).

    Raises:
        InputError: the file cannot be read.
        LabelError: not JSON or TOML, or the label breaks its schema; ``faults`` lists each fault.
        UsageError: the path is an address.
    """
    path = path_of(path)
    shown = printable(str(path))
    try:
        return label_from_dict(read_plain(path), source=shown)
    except LabelError as exc:
        hint = f"provlabel lint {shown}" if exc.faults else exc.hint
        raise LabelError(str(exc), hint=hint, faults=exc.faults) from exc


def read_plain(path: Path) -> Any:
    """Read a label file as plain data, whatever it holds.

    Raises:
        InputError: the file cannot be read.
        LabelError: not JSON or TOML.
    """
    shown = printable(str(path))
    with open_regular(path) as stream:
        raw = stream.read(MAX_FILE + 1)
    if b"\0" in raw[:_LOOKED_AT]:
        raise LabelError(f"{shown}: is no text, so no label", hint=_TEXT)
    if len(raw) > MAX_FILE:
        raise LabelError(f"{shown}: larger than {MAX_FILE:,} bytes", hint="give the prompt with --prompt-file")
    parse = _parse_toml if path.suffix.lower() == ".toml" else parse_json
    try:
        return parse(raw.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise LabelError(f"{shown}: is no text in UTF-8, so no label", hint=_TEXT) from exc
    except json.JSONDecodeError as exc:
        where = f"line {exc.lineno}, column {exc.colno}"
        raise LabelError(f"{shown}: is no JSON: {where}: {exc.msg[:1].lower()}{exc.msg[1:]}", hint=_form(path)) from exc
    except RecursionError as exc:
        raise LabelError(f"{shown}: nested too deeply") from exc
    except ValueError as exc:
        raise LabelError(f"{shown}: {_reason(exc)}", hint=_START) from exc


def _reason(exc: ValueError) -> str:
    """Say why a document was refused; Python, which refuses thousands of digits, would name a function of its own."""
    if "set_int_max_str_digits" in str(exc):
        return "holds a whole number of thousands of digits; write it as text"
    return printable(str(exc))


#: Bytes of a file in which no zero stands if it is text.
_LOOKED_AT = 4096
_START = "provlabel kinds explains the kinds, provlabel init writes a first label"
_TEXT = "a label is a text file, TOML or JSON; what a media file says is shown by provlabel show"


def _form(path: Path) -> str:
    if path.suffix.lower() in (".yaml", ".yml"):
        return "YAML is not read: write the label as TOML (NAME.toml) or JSON"
    return "a file whose name ends with .toml is read as TOML, every other as JSON; provlabel init writes one"


def parse_json(text: str) -> Any:
    """Read JSON strictly: a key that stands twice and numbers that are none are refused.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constants)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice")
        found[key] = value
    return found


def _no_constants(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")


def _parse_toml(text: str) -> Any:
    return _times_as_text(msgspec.toml.decode(text))


def _times_as_text(value: Any) -> Any:
    """TOML has times of its own; the label signs their RFC 3339 text."""
    if isinstance(value, dict):
        return {key: _times_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_times_as_text(item) for item in value]
    if isinstance(value, (dt.date, dt.time)):  # a datetime is a date
        return value.isoformat().replace("+00:00", "Z")
    return value


def label_schema() -> dict[str, Any]:
    """Return the JSON Schema of labels, not to be changed."""
    return json_schema(Label, SCHEMA, addressed=True)


def label_from_dict(data: Any, *, source: str = "label") -> Label:
    """Make a :class:`Label` from plain data; ``source`` names it in messages.

    ``$schema``, by which editors know what it is, is left out.

    Raises:
        LabelError: a field is missing, of the wrong shape, not in its vocabulary, or unknown.
    """
    if faults := tuple(unportable(data, "", 0)):
        raise _fault(source, faults)
    if isinstance(data, dict) and isinstance(data.get(ADDRESS), str):
        data = {key: value for key, value in data.items() if key != ADDRESS}
    try:
        label = msgspec.convert(data, ready(Label))
    except msgspec.ValidationError as exc:
        what, pointer = placed(exc)
        raise _fault(source, ((pointer, _in_words(what, pointer)), *_others(data, pointer))) from exc
    if unknown := tuple(_unknown_fields(data, label, "")):
        raise _fault(source, unknown)
    times = (("/event_time", label.event_time), ("/event_end", label.event_end))
    impossible = [pointer for pointer, text in times if text is not msgspec.UNSET and moment(text) is None]
    if impossible:
        raise _fault(source, tuple((pointer, "no such day or time; wanted is RFC 3339") for pointer in impossible))
    return label


def unportable(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield what a manifest cannot hold or would change: the engine rounds large numbers in silence."""
    if depth > MAX_DEPTH:
        yield pointer, "nested too deeply"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from unportable(str(key), pointer, depth)
            yield from unportable(item, f"{pointer}/{pointer_part(str(key))}", depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from unportable(item, f"{pointer}/{index}", depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        yield pointer, "no finite number"
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield pointer, "a whole number of more than 64 bits; write it as text"
    elif isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        yield pointer, "half a character (a lone surrogate)"


def moment(text: str) -> dt.datetime | None:
    """Return the moment that an RFC 3339 text means, or ``None`` when no calendar has it."""
    plain = re.sub(r"(:[0-9]{2})[.][0-9]+", r"\1", text).replace("Z", "+00:00").replace(":60", ":59")
    try:
        return dt.datetime.fromisoformat(plain)
    except ValueError:
        return None


def _in_words(what: str, pointer: str) -> str:
    """Say msgspec's complaint about a vocabulary or a pattern as a person would."""
    node = _node(pointer)
    if what.startswith("Invalid enum value"):
        terms = [str(term) for term in node.get("enum", ())]
        given = what.removeprefix("Invalid enum value ").strip("'")
        hint = instead(given, terms, _line(pointer.split("/")[1:], given))
        return f"unknown value {given!r}, {hint or 'one of: ' + ', '.join(terms)}"
    if what.endswith("of length >= 1"):
        return "is empty"
    if "matching regex" in what:
        return wanted_form(node)
    return what[:1].lower() + what[1:]


def _others(data: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield what else is wrong with the shape of a label, besides what is at ``pointer``: all of it is told at once."""
    for fault in shape_faults(data):
        if fault.at != pointer:
            hint = f", {fault.hint}" if fault.hint else ""
            yield fault.at, fault.message + hint


def shape_faults(data: Any) -> Iterator[Fault]:
    """Yield every way in which plain data breaks the schema of labels."""
    yield from schema_faults(data, label_schema(), _HINTS)


def _line(place: Sequence[str | int], given: str) -> str:
    """Return the line to write in place of a value, or of a field whose name ends ``place``."""
    names = [str(part) for part in place if not str(part).isdigit()]
    return (line_for(names[-1], given) if given else field_for(names[-1])) if names else ""


def _node(pointer: str) -> dict[str, Any]:
    path = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    return node_at(label_schema(), path)


def wanted_form(node: dict[str, Any]) -> str:
    """Say what a pattern of the schema wants, by the example that stands beside it."""
    example = next(iter(node.get("examples", ())), "")
    words = _FORMS.get(node.get("pattern", ""), "another form")
    return f"wanted is {words}, such as {example}" if example else f"wanted is {words}"


_FORMS: dict[str, str] = {
    ONE_LINE: "text on one line",
    ASCII: "printable ASCII without spaces",
    ID: "a short name of letters, digits, dots and dashes",
    URL: "a web address",
    LANGUAGE: "a language tag (BCP 47)",
    RFC_3339: "a time as RFC 3339 with a zone",
    HEX_64: "64 lower-case hexadecimal digits",
}


_HINTS = Hints(
    form=wanted_form,
    schema=_START,
    unknown="put what others need not understand into extra",
    line=_line,
)


def _fault(source: str, faults: tuple[tuple[str, str], ...]) -> LabelError:
    lines = "; ".join(f"{pointer or '/'}: {printable(what)}" for pointer, what in faults)
    return LabelError(f"{source}: {lines}", hint=_START, faults=faults)


def _unknown_fields(data: Any, record: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Walk plain data beside the record made from it and yield what the record did not take."""
    if isinstance(record, msgspec.Struct):
        known = record.__struct_encode_fields__
        for key, value in data.items():
            place = f"{pointer}/{key}"
            if key in known:
                yield from _unknown_fields(value, getattr(record, key), place)
            else:
                hint = instead(key, known, field_for(key))
                yield printable(place), f"unknown field, {hint}" if hint else "unknown field"
    elif isinstance(record, tuple):
        for index, (value, item) in enumerate(zip(data, record, strict=True)):
            yield from _unknown_fields(value, item, f"{pointer}/{index}")

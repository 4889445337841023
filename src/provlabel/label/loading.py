"""Read a label from JSON or TOML, strictly: what provlabel does not know is never signed."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec

from provlabel._files import open_regular
from provlabel._text import printable
from provlabel.errors import LabelError
from provlabel.label.records import Label
from provlabel.label.vocabularies import IdentifierType, Kind, Origin, Oversight, PromptMode

_TERMS: dict[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "origin": get_args(Origin),
    "oversight": get_args(Oversight),
    "type": get_args(IdentifierType),
    "mode": get_args(PromptMode),
}
_SHAPES = {
    "event_time": "a time as RFC 3339 with a zone, such as 2026-11-22T10:00:00Z",
    "sha256": "64 lower-case hexadecimal digits",
}
_ASCII = frozenset({"value", "identifier", "model_type"})

#: Bytes of a label file; the largest sensible label is a hundredth of it.
MAX_FILE = 4 << 20


def load_label(path: Path) -> Label:
    """Read the label file ``path`` (``.toml`` is TOML, everything else JSON, both UTF-8).

    Raises:
        InputError: the file cannot be read.
        LabelError: not JSON or TOML, or the label breaks its schema; ``faults`` lists each fault.
    """
    shown = printable(str(path))
    with open_regular(path) as stream:
        raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise LabelError(f"{shown}: larger than {MAX_FILE:,} bytes", mend="give the prompt with --prompt-file")
    parse = _parse_toml if path.suffix.lower() == ".toml" else _parse_json
    try:
        data = parse(raw.decode("utf-8"))
    except RecursionError as exc:
        raise LabelError(f"{shown}: nested too deeply") from exc
    except ValueError as exc:
        raise LabelError(f"{shown}: {printable(str(exc))}", mend="run: provlabel schema label") from exc
    return label_from_dict(data, source=shown)


def _parse_json(text: str) -> Any:
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
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def label_from_dict(data: Any, *, source: str = "label") -> Label:
    """Make a :class:`Label` from plain data; ``source`` names it in messages.

    Raises:
        LabelError: a field is missing, of the wrong shape, not in its vocabulary, or unknown.
    """
    try:
        json.dumps(data, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as exc:
        raise LabelError(f"{source}: holds half a character (a lone surrogate)", mend="write it as UTF-8") from exc
    except RecursionError as exc:
        raise LabelError(f"{source}: nested too deeply") from exc
    try:
        label = msgspec.convert(data, Label)
    except msgspec.ValidationError as exc:
        what, _, where = str(exc).partition(" - at ")
        pointer = _pointer(where.strip("`"))
        raise _fault(source, ((pointer, _in_words(what, pointer)),)) from exc
    if unknown := tuple(_unknown_fields(data, label, "")):
        raise _fault(source, unknown)
    if label.event_time is not msgspec.UNSET and moment(label.event_time) is None:
        raise _fault(source, (("/event_time", f"no such day or time; wanted is {_SHAPES['event_time']}"),))
    return label


def moment(text: str) -> dt.datetime | None:
    """Return the moment that an RFC 3339 text means, or ``None`` when no calendar has it."""
    plain = re.sub(r"(:[0-9]{2})[.][0-9]+", r"\1", text).replace("Z", "+00:00").replace(":60", ":59")
    try:
        return dt.datetime.fromisoformat(plain)
    except ValueError:
        return None


def _in_words(what: str, pointer: str) -> str:
    """Say msgspec's complaint about a vocabulary or a pattern as a person would."""
    field = pointer.rpartition("/")[2]
    if what.startswith("Invalid enum value") and field in _TERMS:
        given = what.removeprefix("Invalid enum value ").strip("'")
        near = _nearest(given, _TERMS[field])
        hint = f"did you mean {near}?" if near else "one of: " + ", ".join(_TERMS[field])
        return f"unknown value {given!r}, {hint}"
    if "matching regex" in what:
        return _SHAPES.get(field, "printable ASCII without spaces" if field in _ASCII else "text on one line")
    return what[:1].lower() + what[1:]


def _nearest(word: str, terms: Sequence[str]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(word, terms, 1)), "")


def _fault(source: str, faults: tuple[tuple[str, str], ...]) -> LabelError:
    lines = "; ".join(f"{pointer or '/'}: {printable(what)}" for pointer, what in faults)
    return LabelError(f"{source}: {lines}", mend="run: provlabel schema label", faults=faults)


def _pointer(path: str) -> str:
    """Turn msgspec's ``$.systems[0].name`` into the JSON pointer ``/systems/0/name``."""
    return path.removeprefix("$").replace("[", ".").replace("]", "").replace(".", "/")


def _unknown_fields(data: Any, record: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Walk plain data beside the record made from it and yield what the record did not take."""
    if isinstance(record, msgspec.Struct):
        known = record.__struct_encode_fields__
        for key, value in data.items():
            place = f"{pointer}/{key}"
            if key in known:
                yield from _unknown_fields(value, getattr(record, key), place)
            else:
                near = _nearest(key, known)
                hint = f", did you mean {near}?" if near else ""
                yield printable(place), f"unknown field{hint}"
    elif isinstance(record, tuple):
        for index, (value, item) in enumerate(zip(data, record, strict=True)):
            yield from _unknown_fields(value, item, f"{pointer}/{index}")

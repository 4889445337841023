"""Labels as rows of a spreadsheet (CSV) and as JSON Lines, both ways and without loss.  Pure.

A row is one file: its ``path``, then the label.  What a label manager would fill in has a column of its own
(``kind``, ``provider.name``, ``systems.0.name``, ``identifiers.isrc``); whatever else a label can hold stands as
JSON in a column named after the field (``operations``, ``extra``).  An empty cell says nothing.

CSV is RFC 4180, written with commas, CRLF and a byte order mark, by which spreadsheets know UTF-8; commas,
semicolons and tabs are read.  A cell that a spreadsheet would take for a formula (``=``, ``+``, ``-``, ``@`` and
their full-width forms) gets an apostrophe before it, which is taken off again when it is read (OWASP, CSV injection).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

from provlabel._support.faults import nearest
from provlabel._support.text import printable
from provlabel.label.loading import parse_json
from provlabel.label.records import (
    China,
    Contribution,
    Judgements,
    Label,
    Permissions,
    Person,
    Prompt,
    Provider,
    Rights,
    System,
)
from provlabel.label.vocabularies import IdentifierType

#: Limits of what is read; the largest sensible table is a hundredth of it.
MAX_BYTES = 64 << 20  # of one table
MAX_ROWS = 100_000
MAX_COLUMNS = 5_000
#: Faults that are reported; whoever has more has a wrong file, or one that is made to fill memory.
MAX_FAULTS = 1_000

#: Records with a column for each of their fields, and lists of such records.
_RECORDS: dict[str, Any] = {
    "provider": Provider,
    "prompt": Prompt,
    "permissions": Permissions,
    "rights": Rights,
    "judgements": Judgements,
    "china": China,
}
_LISTS: dict[str, Any] = {"systems": System, "contributions": Contribution, "people": Person}
#: Fields of those whose cell is JSON.
_AS_JSON = frozenset({"region", "span", "identifiers"})
_PLAIN = ("schema", "kind", "origin", "title", "event_time", "event_end", "oversight", "detector_url")
_SCHEMES = get_args(IdentifierType)
_BOOLS = {"true": True, "false": False}
#: Text that a cell of its own cannot hold: none at all, and what spreadsheets change.
_UNSURE = re.compile(r"\A\Z|[\x00-\x08\x0b-\x1f\x7f]")
_FORMULA_SET = frozenset("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
_PATH = "path"
#: A column for people: what stands in it is passed over when it is read.
NOTE = "note"


class Row(NamedTuple):
    """One file and its label as plain data."""

    path: str
    label: dict[str, Any]
    more: Mapping[str, str] = MappingProxyType({})  #: what stands in further columns that were asked for
    several: Mapping[str, tuple[str, ...]] = MappingProxyType({})  #: the same, of columns that hold several texts


class TableFault(NamedTuple):
    """Something in a table that cannot be read, and where: lines and columns count from 1, 0 is none of them."""

    line: int
    column: int
    message: str
    hint: str = ""


class Table(NamedTuple):
    """What a table says, and what of it cannot be read."""

    rows: tuple[Row, ...]
    faults: tuple[TableFault, ...]


# --- to CSV ----------------------------------------------------------------------------------------


def dump_csv(rows: Iterable[Row], columns: Sequence[str] = ()) -> bytes:
    """Return labels as CSV, columns in the order of the label's fields; ``columns`` are there though they be empty.

    What a row has for the column ``note`` stands last.
    """
    flat = [
        (row.path, dict(_flat(row.label)) | {key: row.more[key] for key in row.more if key == NOTE}) for row in rows
    ]
    names = sorted({name for _, cells in flat for name in cells} | set(columns), key=_place)
    lines = [[_PATH, *names], *([path, *(cells.get(name, "") for name in names)] for path, cells in flat)]
    return csv_of(lines)


def csv_of(lines: Iterable[Iterable[str]]) -> bytes:
    """Return lines of cells as CSV for spreadsheets: with a byte order mark, and no cell that runs as a formula."""
    text = "".join(",".join(map(_quoted, line)) + "\r\n" for line in lines)
    return codecs.BOM_UTF8 + text.encode("utf-8", "backslashreplace")


def _flat(label: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, value in label.items():
        if field == "identifiers" and _is_simple(value):
            yield from ((f"identifiers.{item['type']}", item["value"]) for item in value)
        elif field in _RECORDS and value and _fits(value, _RECORDS[field]):
            yield from _cells(field, value)
        elif field in _LISTS and value and all(item and _fits(item, _LISTS[field]) for item in value):
            for index, item in enumerate(value):
                yield from _cells(f"{field}.{index}", item)
        elif field in _PLAIN and _is_sure(value):
            yield field, value
        else:
            yield field, _as_json(value)


def _is_simple(value: Any) -> bool:
    """Is there one identifier of each scheme at most, in the order in which columns are?"""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    if not all(isinstance(item, Mapping) and set(item) == {"type", "value"} for item in value):
        return False
    schemes = [item["type"] for item in value]
    known = all(scheme in _SCHEMES for scheme in schemes) and all(_is_sure(item["value"]) for item in value)
    return known and schemes == sorted(set(schemes), key=_SCHEMES.index)


def _is_sure(value: Any) -> bool:
    return isinstance(value, str) and not _UNSURE.search(value)


def _fits(value: Any, record: Any) -> bool:
    """Can every field of ``value`` stand in a cell, and be read from it again?"""
    if not isinstance(value, Mapping):
        return False
    return all(key in record.__struct_fields__ and _has_cell(record, key, item) for key, item in value.items())


def _has_cell(record: Any, key: str, value: Any) -> bool:
    if key in _AS_JSON:
        return True
    if record is Judgements:
        return isinstance(value, bool)
    return _are_words(value) if key == "roles" else _is_sure(value)


def _are_words(value: Any) -> bool:
    listed = isinstance(value, (list, tuple)) and bool(value)
    return listed and all(isinstance(item, str) and re.fullmatch(r"\w+", item) for item in value)


def _cells(prefix: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        if key in _AS_JSON:
            text = _as_json(item)
        elif isinstance(item, bool):
            text = "true" if item else "false"
        else:
            text = item if isinstance(item, str) else "; ".join(item)
        yield f"{prefix}.{key}", text


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_FIELDS = {name: place for place, name in enumerate(Label.__struct_fields__)}


def _place(name: str) -> tuple[int, int, int, str]:
    """Order columns as the schema has the fields, and elements of lists by their number."""
    field, *rest = name.split(".")
    number = int(rest[0]) if field in _LISTS and rest and rest[0].isdigit() else 0
    record = _RECORDS.get(field) or _LISTS.get(field)
    fields = _SCHEMES if field == "identifiers" else record.__struct_fields__ if record else ()
    inner = fields.index(rest[-1]) if rest and rest[-1] in fields else -1
    return _FIELDS.get(field, len(_FIELDS)), number, inner, name  # a note stands behind all fields


def _quoted(text: str) -> str:
    if text[:1] in _FORMULA_SET or _is_escaped(text):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if re.search('[",;\r\n\t]|^ | $', text) else text


# --- from CSV --------------------------------------------------------------------------------------


def load_csv(content: bytes, more: Sequence[str] = (), several: Sequence[str] = ()) -> Table:
    """Read a table; what cannot be read of it is a fault, and every fault is reported.

    ``more`` names columns of plain text that belong to no label, and ``several`` those that hold several texts, with
    semicolons between them.
    """
    text, faults = _decoded(content)
    if faults:
        return Table((), faults)
    delimiter = _delimiter(text, (*more, *several))
    lines = _lines(text, delimiter)
    header = next(lines, (1, [], ""))
    columns, found = (
        _columns(header[1], (*more, *several))
        if not header[2]
        else ([], [TableFault(1, 0, header[2], "split the table")])
    )
    rows: list[Row] = []
    for number, cells, why in lines:
        if why:
            found.append(TableFault(number, len(cells), why, 'write a quote inside of quotes twice: ""'))
            break
        if not any(cells):
            continue
        if len(rows) == MAX_ROWS:
            found.append(TableFault(number, 0, f"more than {MAX_ROWS:,} rows", "split the table"))
            break
        row, wrong = _row(number, cells, columns, several)
        found += wrong
        if not wrong:
            rows.append(row)
        if len(found) > MAX_FAULTS:
            break
    return Table(tuple(rows), _first_faults(found))


def _first_faults(faults: Sequence[TableFault]) -> tuple[TableFault, ...]:
    if len(faults) <= MAX_FAULTS:
        return tuple(faults)
    return (*faults[:MAX_FAULTS], TableFault(0, 0, f"more than {MAX_FAULTS:,} faults", "fix these first"))


def _decoded(content: bytes) -> tuple[str, tuple[TableFault, ...]]:
    if len(content) > MAX_BYTES:
        return "", (TableFault(0, 0, f"larger than {MAX_BYTES >> 20} MB", "split the table"),)
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError as exc:
        before = content[: exc.start]
        line = before.count(b"\n") + 1
        column = exc.start - before.rfind(b"\n")
        why = f"no UTF-8: byte {content[exc.start]:02x} at byte {column} of the line"
        return "", (TableFault(line, 0, why, "save it as CSV UTF-8"),)


def _delimiter(text: str, more: Sequence[str]) -> str:
    """Return the delimiter under which the first line has the most columns that are known."""

    def known(delimiter: str) -> int:
        _, cells, _ = next(_lines(text, delimiter), (1, [], ""))
        return sum(_column(cell.strip(), more) is not None for cell in cells)

    return max(",;\t", key=known)


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield each record with the number of its first line, its cells, and why it cannot be read further."""
    bare = re.compile(rf"[^{delimiter}\r\n]*")
    at, number, cells, begins = 0, 1, list[str](), 1
    while at <= len(text):
        quoted = text.startswith('"', at)
        end = _quotes_end(text, at) if quoted else bare.match(text, at).end()  # type: ignore[union-attr]
        if quoted and (not end or text[end : end + 1] not in (delimiter, "\r", "\n", "")):
            yield begins, [*cells, ""], "a cell in quotes does not end"
            return
        value = text[at + 1 : end - 1].replace('""', '"') if quoted else text[at:end]
        number += value.count("\n")
        cells.append(_unescaped(value))
        at = end
        if text.startswith(delimiter, at):
            at += 1
            if len(cells) > MAX_COLUMNS:
                yield begins, cells[:1], f"more than {MAX_COLUMNS:,} cells in a row"
                return
            continue
        if at < len(text) or cells != [""]:
            yield begins, cells, ""
        at += 2 if text.startswith("\r\n", at) else 1
        number += 1
        cells, begins = [], number


def _quotes_end(text: str, at: int) -> int:
    """Return where the cell in quotes that begins at ``at`` ends, 0 where it does not; two quotes in it are one."""
    end = text.find('"', at + 1)
    while end >= 0 and text.startswith('"', end + 1):
        end = text.find('"', end + 2)
    return end + 1


def _unescaped(text: str) -> str:
    return text[1:] if _is_escaped(text) else text


def _is_escaped(text: str) -> bool:
    """Would the apostrophe that this text begins with be taken off?"""
    return text[:1] == "'" and text[1:2] in {*_FORMULA_SET, "'"}


class _Column(NamedTuple):
    """What a column holds: a field, and what of it."""

    field: str
    number: int = -1  #: of an element of a list
    key: str = ""
    more: bool = False  #: it belongs to no label


def _column(name: str, more: Sequence[str]) -> _Column | None:
    """Return what a heading means, or ``None`` when it means nothing here."""
    if name in more or name == NOTE:
        return _Column(name, more=True)
    field, *rest = name.split(".")
    if field == _PATH or field in _FIELDS:
        if not rest:
            return _Column(field)
        if field == "identifiers" and len(rest) == 1 and rest[0] in _SCHEMES:
            return _Column(field, key=rest[0])
        if field in _RECORDS and len(rest) == 1 and rest[0] in _RECORDS[field].__struct_fields__:
            return _Column(field, key=rest[0])
        if field in _LISTS and len(rest) == 2 and re.fullmatch("[0-9]{1,4}", rest[0], re.ASCII):
            return _Column(field, int(rest[0]), rest[1]) if rest[1] in _LISTS[field].__struct_fields__ else None
    return None


#: What others call the column of paths.
_PATHS = frozenset({"file", "files", "filename", "file name", "file_name", "filepath", "file path", "source", "audio"})


def _columns(header: Sequence[str], more: Sequence[str]) -> tuple[list[_Column | None], list[TableFault]]:
    columns: list[_Column | None] = []
    faults: list[TableFault] = []
    known = [_PATH, NOTE, *more, *_FIELDS, *(f"identifiers.{scheme}" for scheme in _SCHEMES)]
    known += [f"{field}.{key}" for field, item in _RECORDS.items() for key in item.__struct_fields__]
    known += [f"{field}.0.{key}" for field, item in _LISTS.items() for key in item.__struct_fields__]
    for place, cell in enumerate(header, 1):
        name = cell.strip()
        column = _column(name, more) if name else None
        if name and column is None:
            # A whole file may be one heading.
            near = _PATH if name.lower() in _PATHS else nearest(name[:80], known)
            hint = f"did you mean {near}?" if near else "leave the column out, or put it into extra"
            faults.append(TableFault(1, place, f"unknown column {printable(name, 80)}", hint))
        elif column is not None and column in columns:
            faults.append(TableFault(1, place, f"the column {printable(name, 80)} stands twice", "keep one of them"))
        columns.append(column)
    if not any(column is not None and column.field == _PATH for column in columns):
        faults.insert(0, TableFault(1, 0, "no column path", "name the file of each row in a column path"))
    return columns, faults


def _row(
    number: int, cells: Sequence[str], columns: Sequence[_Column | None], several: Sequence[str]
) -> tuple[Row, list[TableFault]]:
    faults: list[TableFault] = []
    label: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    more: dict[str, str] = {}
    for place, text in enumerate(cells, 1):
        column = columns[place - 1] if place <= len(columns) else None
        if text and column is not None:
            try:
                _put(more if column.more else parts if column.key else label, column, text)
            except ValueError as exc:
                faults.append(TableFault(number, place, printable(str(exc), 300)))
        elif text and place > len(columns):
            hint = "put cells that hold the delimiter into quotes"
            faults.append(TableFault(number, place, "a cell beyond the last column", hint))
    path = label.pop(_PATH, "")
    if not path:
        faults.append(TableFault(number, 0, "no path", "name the file of this row"))
    faults += [
        TableFault(number, 0, f"{field} stands in a column of its own and in others", "keep one of them")
        for field in parts
        if field in label
    ]
    for place, person in parts.get("people", {}).items():
        person.setdefault("id", f"person{place + 1}")  # whoever types a name into a spreadsheet knows no ids
    for field in _LISTS:
        if field in parts:
            parts[field] = [item for _, item in sorted(parts[field].items())]
    lists = {name: _divided(more.pop(name)) for name in several if name in more}
    return Row(path, label | parts, more, lists), faults


def _divided(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _put(target: dict[str, Any], column: _Column, text: str) -> None:
    """Put one cell into its place.

    Raises:
        ValueError: it is not what its column holds.
    """
    field, number, key, _ = column
    if not key:
        target[field] = text if column.more or field in (_PATH, *_PLAIN) else _from_json(text, field)
    elif field == "identifiers":
        target.setdefault(field, []).append({"type": key, "value": text})
    elif field in _RECORDS:
        target.setdefault(field, {})[key] = _value(field, key, text)
    else:
        target.setdefault(field, {}).setdefault(number, {})[key] = _value(field, key, text)


def _value(field: str, key: str, text: str) -> Any:
    if key in _AS_JSON:
        return _from_json(text, key)
    if key == "roles":
        return list(_divided(text))
    if field == "judgements":
        if text.lower() not in _BOOLS:
            raise ValueError(f"{printable(text, 40)} is neither true nor false")
        return _BOOLS[text.lower()]
    return text


def _from_json(text: str, field: str) -> Any:
    try:
        return parse_json(text)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"{field} is no JSON: {exc}") from exc


# --- JSON Lines ------------------------------------------------------------------------------------


def dump_jsonl(rows: Iterable[Row]) -> bytes:
    """Return one line ``{"path": …, "label": {…}}`` for each label."""
    return "".join(_as_json({"path": row.path, "label": row.label}) + "\n" for row in rows).encode(
        "utf-8", "backslashreplace"
    )


def load_jsonl(content: bytes) -> Table:
    """Read lines of JSON; a line that cannot be read is a fault, and every fault is reported."""
    text, faults = _decoded(content)
    rows: list[Row] = []
    found = list(faults)
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if len(rows) == MAX_ROWS:
            found.append(TableFault(number, 0, f"more than {MAX_ROWS:,} rows", "split the table"))
            break
        row = load_line(line, number)
        if isinstance(row, Row):
            rows.append(row)
        else:
            found.append(row)
            if len(found) > MAX_FAULTS:
                break
    return Table(tuple(rows), _first_faults(found))


def load_line(line: str, number: int, more: Sequence[str] = (), several: Sequence[str] = ()) -> Row | TableFault:
    """Read one line of JSON, the ``number``-th of its list, or say what is wrong with it.

    ``more`` names keys with plain text that belong to no label; where it has ``label`` itself, a label may also
    be left out, or be the name of a file with it.  ``several`` names keys with a text, or a list of them.
    """
    try:
        return _from_line(parse_json(line), more, several)
    except (ValueError, RecursionError) as exc:
        why = "nested too deeply" if isinstance(exc, RecursionError) else printable(str(exc), 300)
        return TableFault(number, getattr(exc, "colno", 0), why, 'one {"path": …, "label": {…}} on each line')


def _from_line(data: Any, more: Sequence[str], several: Sequence[str]) -> Row:
    if not isinstance(data, dict) or not (isinstance(data.get("label"), dict) or "label" in more):
        raise ValueError("no object with a label in it")
    if not isinstance(data.get("path"), str) or not data["path"]:
        raise ValueError("no path")
    if unknown := set(data) - {"path", "label", *more, *several}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    label = data.get("label") if isinstance(data.get("label"), dict) else {}
    others = {key: data[key] for key in more if key in data and data[key] is not label}
    if wrong := [key for key, value in others.items() if not isinstance(value, str)]:
        raise ValueError(f"no text: {', '.join(wrong)}")
    lists = {key: [data[key]] if isinstance(data[key], str) else data[key] for key in several if key in data}
    if wrong := [key for key, value in lists.items() if not _are_texts(value)]:
        raise ValueError(f"no list of texts: {', '.join(wrong)}")
    return Row(data["path"], label or {}, others, {key: tuple(value) for key, value in lists.items()})


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)

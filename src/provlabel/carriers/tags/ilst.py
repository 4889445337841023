"""Items of the metadata of MP4: the iTunes list, and the list by keys (QuickTime File Format, "Metadata").

An item of the iTunes list is named by its four letters (``©ART``), or ``----:`` with meaning and name
(``----:com.apple.iTunes:ISRC``).  An item by key is named ``keys:`` and its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from provlabel._support.text import printable
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_VALUES, TagError
from provlabel.carriers.tags._fields import Gather
from provlabel.media.containers import read_exactly
from provlabel.media.containers.boxes import Box, boxes, content, made

FREE = "----"
KEYS = "keys:"
NAMELESS = "ilst:"  #: an item that has a number in the place of its name, and no keys are there to name it
_MAX_ITEMS = 2_000  # of a list, and keys
_MAX_PARTS = 2 * MAX_VALUES  # of an item
_FULL = 4  # version and flags
_DATA = 8  # type and locale in front of a value
# Types of values (QuickTime File Format, "Well-known types") that are text.
_TEXTS = {1: "utf-8", 2: "utf-16-be"}
_RESERVED = 0  # "no type": in an item with a name of its own others take it for text, where it is some
_UTF8 = (1).to_bytes(4, "big")
_HANDLER = {b"mdir": b"appl", b"mdta": bytes(4)}


class MetadataItem(NamedTuple):
    """One item: where it lies, and what it says, if that is text."""

    name: str
    box: Box
    values: tuple[str, ...]


def itunes_items(got: Gather, stream: BinaryIO, ilst: Box) -> Iterator[MetadataItem]:
    """Yield the items of an iTunes list; values that are no text are left out."""
    for box in boxes(stream, ilst.body, ilst.end, _MAX_ITEMS):
        name = box.kind.decode("latin-1")
        name = _free_name(got, stream, box) if name == FREE else NAMELESS if name.startswith("\0\0\0") else name
        yield MetadataItem(name, box, _values(got, stream, box, name))


def key_items(got: Gather, stream: BinaryIO, ilst: Box, keys: Sequence[str]) -> Iterator[MetadataItem]:
    """Yield the items of a list by keys; each has the number of its key, from 1, in the place of four letters."""
    for box in boxes(stream, ilst.body, ilst.end, _MAX_ITEMS):
        number = int.from_bytes(box.kind, "big")
        name = f"{KEYS}{keys[number - 1]}" if 0 < number <= len(keys) else ""
        if not name:
            got.fault(f"an item has the key {number}, and there are {len(keys)}")
            continue
        yield MetadataItem(name, box, _values(got, stream, box, name))


def key_names(got: Gather, stream: BinaryIO, keys: Box) -> list[str]:
    """Return the names in a ``keys`` box: a count, then size, namespace and name of each."""
    data = content(stream, keys)[_FULL:]
    count, at, names = int.from_bytes(data[:4], "big"), 4, list[str]()
    for _ in range(min(count, _MAX_ITEMS)):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > len(data):
            break
        names.append(got.text(data[at + 8 : at + size], "utf-8", "keys"))
        at += size
    if len(names) != count:
        got.fault(f"{count:,} keys are announced, {len(names):,} are there")
    return names


def _free_name(got: Gather, stream: BinaryIO, box: Box) -> str:
    parts = []
    for kind in (b"mean", b"name"):
        found = next((part for part in boxes(stream, box.body, box.end, _MAX_PARTS) if part.kind == kind), None)
        parts.append(got.text(content(stream, found)[_FULL:], "utf-8", FREE) if found else "")
    return ":".join((FREE, *parts))


def _values(got: Gather, stream: BinaryIO, box: Box, name: str) -> tuple[str, ...]:
    values = []
    for data in boxes(stream, box.body, box.end, _MAX_PARTS):
        if data.kind != b"data" or data.end - data.body <= _DATA:
            continue
        kind = int.from_bytes(read_exactly(stream, data.body, 4), "big")
        if kind not in _TEXTS and not (kind == _RESERVED and name.startswith((FREE, NAMELESS, f"{KEYS}AIGC"))):
            continue
        if data.end - data.body > MAX_CARRIER:
            got.fault(f"{printable(name, 40)}: larger than {MAX_CARRIER:,} bytes")
            continue
        raw = content(stream, data)[_DATA:]
        if kind in _TEXTS or _is_utf8(raw):
            values.append(got.text(raw, _TEXTS.get(kind, "utf-8"), name))
    return tuple(values)


def _is_utf8(raw: bytes) -> bool:
    try:
        return raw.decode().isprintable()
    except UnicodeDecodeError:
        return False


# --- writing ---------------------------------------------------------------------------------------


def made_item(kind: bytes, name: str, values: Sequence[str]) -> bytes:
    """Return one item with a ``data`` box for each value."""
    front: tuple[bytes, ...] = ()
    if name.startswith(f"{FREE}:"):
        _, mean, short = name.split(":", 2)
        front = (made(b"mean", bytes(_FULL), mean.encode()), made(b"name", bytes(_FULL), short.encode()))
    return made(kind, *front, *(made(b"data", _UTF8, bytes(4), value.encode()) for value in values))


def itunes_kind(name: str) -> bytes:
    """Return the four letters of an item of the iTunes list.

    Raises:
        TagError: there is no such item.
    """
    if name.startswith(f"{FREE}:"):
        if name.count(":") < 2 or name.endswith(":"):
            raise TagError(f"{printable(name, 40)}: wants a meaning and a name")
        return FREE.encode()
    try:
        kind = name.encode("latin-1")
    except UnicodeEncodeError:
        kind = b""
    if len(kind) != 4 or name == FREE or not name.isprintable():
        raise TagError(f"{printable(name, 40)}: MP4 has no such field")
    return kind


def made_key(name: str) -> bytes:
    """Return one entry of a ``keys`` box."""
    return made(b"mdta", name.removeprefix(KEYS).encode())


def made_meta(kind: bytes, keys: Sequence[bytes], items: Sequence[bytes]) -> bytes:
    """Return a whole ``meta`` box: ``mdir`` is an iTunes list, ``mdta`` one by keys."""
    handler = made(b"hdlr", bytes(8), kind, _HANDLER[kind], bytes(9))
    table = (made(b"keys", bytes(_FULL), len(keys).to_bytes(4, "big"), *keys),) if kind == b"mdta" else ()
    return made(b"meta", bytes(_FULL), handler, *table, made(b"ilst", *items))

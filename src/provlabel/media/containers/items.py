"""What the ``meta`` box of HEIF and AVIF says of items: where their bytes lie (ISO 14496-12 §8.11)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, NamedTuple

from provlabel.media.containers import isobmff
from provlabel.media.containers._base import ContainerError, Part, read_exactly

#: Items and extents of one file; real ones have a few hundred, of a picture in tiles.
MAX_ITEMS = 10_000
_MAX_TABLE = 1 << 20  # bytes of iinf or iloc
_MAX_METAS = 8  # ISO 14496-12 §8.11.1 allows one
_TOO_MANY = f"it has more than {_MAX_METAS} boxes that tell of items"
_HEAD = 8
_VERSION = 4  # bytes of version and flags


class MetaBox(NamedTuple):
    """A box within ``meta``."""

    name: bytes
    at: int  #: where its content begins
    length: int  #: of its content


class ItemExtent(NamedTuple):
    """Where the bytes of an item lie."""

    method: int  #: 0 in the file, 1 in ``idat``, 2 in another item, -1 by a reference, perhaps in another file
    base: int  #: to which the offsets in the table are added
    extents: tuple[tuple[int, int], ...]  #: offset, with the base, and length


class _Numbers:
    """Reads big-endian numbers one after the other; what is not there is a ContainerError."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def take(self, width: int) -> int:
        raw = self._raw[self._at : self._at + width]
        if len(raw) != width:
            raise ContainerError("a table of items ends too early")
        self._at += width
        return int.from_bytes(raw, "big")


def body(stream: BinaryIO, part: Part) -> tuple[int, int]:
    """Return where the content of a box begins, and its length."""
    head = read_exactly(stream, part.start, min(_HEAD, part.length))
    front = 16 if head[:4] == b"\0\0\0\1" else _HEAD
    return part.start + front, max(0, part.length - front)


def children(stream: BinaryIO, meta: Part) -> Iterator[MetaBox]:
    """Yield the boxes within a ``meta`` box.

    Raises:
        ContainerError: one ends outside.
    """
    begin, length = body(stream, meta)
    at, end = begin + _VERSION, begin + length
    for _ in range(MAX_ITEMS):
        if at + _HEAD > end:
            return
        head = read_exactly(stream, at, _HEAD)
        size = int.from_bytes(head[:4], "big")
        if size < _HEAD or at + size > end:
            raise ContainerError(f"box at byte {at} ends outside of what holds it")
        yield MetaBox(head[4:], at + _HEAD, size - _HEAD)
        at += size


def table(stream: BinaryIO, boxes: Mapping[bytes, MetaBox], name: bytes) -> bytes:
    """Return the content of a box that is a table.

    Raises:
        ContainerError: it is not there, or too large.
    """
    box = boxes.get(name)
    if box is None:
        raise ContainerError("it does not say where its items lie")
    if box.length > _MAX_TABLE:
        raise ContainerError("its table of items is too large and was not read")
    return read_exactly(stream, box.at, box.length)


def locations(raw: bytes) -> dict[int, ItemExtent]:
    """Return where items lie; of an item that stands there twice the last place.

    Raises:
        ContainerError: see :func:`entries`.
    """
    return dict(entries(raw))


def entries(raw: bytes) -> Iterator[tuple[int, ItemExtent]]:
    """Yield items and where they lie, by what ``iloc`` holds (ISO 14496-12 §8.11.3).

    Raises:
        ContainerError: it ends too early, or tells of too many.
    """
    numbers = _Numbers(raw)
    version = numbers.take(4) >> 24
    widths = numbers.take(2)
    offset, length, base, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    left = MAX_ITEMS  # extents of no width take no bytes of the table
    wide = 4 if version == 2 else 2
    for _ in range(min(numbers.take(wide), MAX_ITEMS)):
        item = numbers.take(wide)
        method = numbers.take(2) & 15 if version else 0
        outside = numbers.take(2)
        start = numbers.take(base)
        extents, count = [], numbers.take(2)
        left -= count
        if left < 0:
            raise ContainerError("it has too many items and was not read")
        for _ in range(count):
            numbers.take(index if version else 0)
            extents.append((start + numbers.take(offset), numbers.take(length)))
        yield item, ItemExtent(method if not outside else -1, start, tuple(extents))


def infos(raw: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, type, and name and more of items, by what ``iinf`` holds (ISO 14496-12 §8.11.6)."""
    at = _VERSION + (2 if raw[:1] == b"\0" else 4)
    while at + 12 <= len(raw):
        size = int.from_bytes(raw[at : at + 4], "big")
        if size < 12:
            return
        entry = raw[at : at + size]
        at += size
        version, width = entry[8], 4 if entry[8] == 3 else 2
        if entry[4:8] == b"infe" and version >= 2:
            yield int.from_bytes(entry[12 : 12 + width], "big"), entry[14 + width : 18 + width], entry[18 + width :]


def derived_from(raw: bytes) -> Iterator[list[int]]:
    """Yield, for each item that is made of others, which in their order, by what ``iref`` holds (§8.11.12)."""
    at, width = _VERSION, 4 if raw[:1] == b"\1" else 2
    while at + _HEAD + width + 2 <= len(raw):
        size = int.from_bytes(raw[at : at + 4], "big")
        if size < _HEAD + width + 2:
            return
        if raw[at + 4 : at + _HEAD] == b"dimg":
            first = at + _HEAD + width + 2
            count = int.from_bytes(raw[first - 2 : first], "big")
            end = min(first + count * width, at + size, len(raw))
            yield [int.from_bytes(raw[one : one + width], "big") for one in range(first, end, width)]
        at += size


def obstacle(stream: BinaryIO, size: int) -> str:
    """Say why the engine must not embed: it moves an item twice whose base has a place in the table and is 0.

    Then it points into the middle of something, or behind the end of the file, and the manifest holds all the same.
    """
    try:
        parts = list(isobmff.walk(stream, size))
        found = metas(parts)
    except ContainerError as exc:
        return str(exc)
    if sum(part.name == "ftyp" for part in parts) > 1:
        return "a second file lies behind it, such as the film of a motion photo, and no hash would cover all of it"
    for part in found:
        try:
            boxes = {box.name: box for box in children(stream, part)}
            raw = table(stream, boxes, b"iloc")
            moved = [item for item in locations(raw).values() if item.method == 0 and not item.base]
        except ContainerError:
            continue
        if moved and raw[5] >> 4:
            return "the engine would point its items (picture, EXIF or XMP) to a wrong place"
    return ""


def metas(parts: Iterable[Part]) -> list[Part]:
    """Return the boxes that describe items; an honest file has one.

    Raises:
        ContainerError: there are many.
    """
    found = list(itertools.islice((part for part in parts if part.name == "meta"), _MAX_METAS + 1))
    if len(found) > _MAX_METAS:
        raise ContainerError(_TOO_MANY)
    return found

"""Boxes of ISO base media that are changed (ISO 14496-12 §4.2): where they lie, and how they are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from provlabel.media.containers._base import ContainerError, read_exactly

_MAX_BOXES = 10_000  # beside each other
_MAX_CONTENT = 4 << 20  # bytes of a box that is read whole
_FULL = 4  # version and flags


class Box(NamedTuple):
    """Where one box lies in its file."""

    kind: bytes
    start: int
    body: int  #: where its content begins, behind version and flags where it has them
    end: int


def boxes(stream: BinaryIO, start: int, end: int, limit: int = _MAX_BOXES, *, to_end: bool = False) -> Iterator[Box]:
    """Yield the boxes between two places; what is no box, such as the four zeros that end user data, ends them.

    ``to_end`` takes a size of zero for a box that goes on to the end (ISO 14496-12 §4.2.2).

    Raises:
        ContainerError: there are more than ``limit``.
    """
    for _ in range(limit):
        if end - start < 8:
            return
        head = read_exactly(stream, start, min(16, end - start))
        length, body = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, body = int.from_bytes(head[8:], "big"), 16
        elif length == 0 and to_end:
            length = end - start
        if length < body or start + length > end:
            return
        yield Box(head[4:8], start, start + body, start + length)
        start += length
    raise ContainerError(f"more than {limit:,} boxes beside each other")


def box_at(stream: BinaryIO, start: int) -> Box:
    """Return the box at the top of a file that begins at ``start``.

    Raises:
        ContainerError: there is none.
    """
    for box in boxes(stream, start, stream.seek(0, 2), to_end=True):
        return box
    raise ContainerError(f"no box at byte {start}")


def inside(stream: BinaryIO, outer: Box, *kinds: bytes) -> list[Box]:
    """Return the boxes of these kinds in ``outer``, of all kinds when none is named."""
    return [box for box in boxes(stream, outer.body, outer.end) if not kinds or box.kind in kinds]


def entered(stream: BinaryIO, meta: Box) -> Box:
    """Return ``meta`` with its content behind version and flags, which QuickTime's own form does not have."""
    plain = meta.end - meta.body >= 8 and read_exactly(stream, meta.body + 4, 4) == b"hdlr"
    return meta if plain else meta._replace(body=min(meta.body + _FULL, meta.end))


def handler(stream: BinaryIO, meta: Box) -> bytes:
    """Return the type of an entered ``meta`` box (ISO 14496-12 §8.4.3), empty when it has none."""
    found = inside(stream, meta, b"hdlr")
    return content(stream, found[0])[8:12] if found else b""


def content(stream: BinaryIO, box: Box) -> bytes:
    """Return what a box holds.

    Raises:
        ContainerError: it is larger than any honest one of those that are read.
    """
    if box.end - box.body > _MAX_CONTENT:
        raise ContainerError(f"the box at byte {box.start} is larger than {_MAX_CONTENT:,} bytes")
    return read_exactly(stream, box.body, box.end - box.body)


def made(kind: bytes, *parts: bytes) -> bytes:
    """Return the bytes of a box.

    Raises:
        ContainerError: they are more than its size can say.
    """
    size = 8 + sum(map(len, parts))
    if size >= 1 << 32:
        raise ContainerError("a box would be larger than its size can say")
    return b"".join((size.to_bytes(4, "big"), kind, *parts))

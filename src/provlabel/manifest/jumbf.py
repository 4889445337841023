"""JUMBF boxes (ISO 19566-5, Annex B): heads and descriptions, read and never trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from provlabel.media.containers import ContainerError

SUPERBOX, DESCRIPTION, CBOR, BROTLI = b"jumb", b"jumd", b"cbor", b"brob"
_HEAD = 8  # length and type of a box
_TOGGLES = 17  # bytes of a description before its label: a UUID of 16 and the toggles
_RESERVED = b"\x20"  # the lowest of the toggles without a meaning (ISO 19566-5 Table B.2)


class JumbfBox(NamedTuple):
    """One box within ``data``: its type, where it starts, where its content starts, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


class Description(NamedTuple):
    """What a superbox says about itself: type, and label."""

    uuid: bytes
    label: bytes

    @property
    def kind(self) -> bytes:
        """The first four bytes of the type, which are letters."""
        return self.uuid[:4]


def boxes(data: memoryview, start: int = 0, end: int | None = None) -> Iterator[JumbfBox]:
    """Yield the boxes that stand one after another from ``start`` up to ``end``.

    Raises:
        ContainerError: one ends outside.
    """
    end = len(data) if end is None else end
    while start + _HEAD <= end:
        box = _box(data, start, end)
        yield box
        start = box.end


def _box(data: memoryview, start: int, end: int) -> JumbfBox:
    """Read the head of the box at ``start``: a length of 32 bits, of 64 bits, or up to the end."""
    length, head = int.from_bytes(data[start : start + 4], "big"), _HEAD
    if length == 1:
        length, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
    elif length == 0:
        length = end - start
    if length < head or start + length > end:
        raise ContainerError("a manifest box ends outside its parent")
    return JumbfBox(bytes(data[start + 4 : start + 8]), start, start + head, start + length)


def described(data: memoryview, box: JumbfBox) -> tuple[Description, int]:
    """Return the description of the superbox ``box`` and where its children start.

    Raises:
        ContainerError: it has none, or one with toggles that no standard has.  The engine takes such a box,
            and hashes another one than stands there.
    """
    first = next(boxes(data, box.body, box.end), None)
    if first is None or first.kind != DESCRIPTION:
        raise ContainerError("a manifest box has no description")
    body = bytes(data[first.body : first.end])
    if body[_TOGGLES - 1 : _TOGGLES] >= _RESERVED:
        raise ContainerError("a manifest box is described in a way that is not known")
    return Description(body[:16], body[_TOGGLES:].split(b"\x00", 1)[0]), first.end


def manifests(store: memoryview) -> Iterator[tuple[JumbfBox, Description]]:
    """Yield the superboxes in a manifest store, of which each is a manifest; nothing where it is no store.

    Raises:
        ContainerError: one ends outside, or has no description.
    """
    root = next(boxes(store), None)
    if root is None or root.kind != SUPERBOX:
        return
    for box in boxes(store, described(store, root)[1], root.end):
        if box.kind == SUPERBOX:
            yield box, described(store, box)[0]

"""The heads of CBOR (RFC 8949), walked within limits before anything unfolds the values.

A declared length beyond the data is what eats memory, and a map of many chosen keys is what eats time.
"""

from __future__ import annotations

from collections.abc import Callable

from provlabel.media.containers import ContainerError

MAX_DEPTH = 64
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}  # bytes of the value after a head (RFC 8949 §3)
_BREAK, _MAP = 0xFF, 5
_UNTIL_BREAK = -1  # an item of undeclared length (RFC 8949 §3.2.1), as older manifests have


class Refused(ValueError):
    """The file asks for more than any honest one, or for what makes the engine abort."""


def walk(data: memoryview, take: Callable[[int], None]) -> None:
    """Walk the heads of one CBOR value; ``take`` is called with the head of each item and may refuse.

    Raises:
        Refused: it is nested too deeply, or declares more than there is.
        ContainerError: it is no CBOR, cut off, or a map in it says two things under one key.
    """
    raw = bytes(data)  # a byte of it is had twice as fast
    open_items, offset, size = [1], 0, len(raw)
    keys: list[_Keys | None] = [None]  # of each open item that is a map
    while open_items:
        left = open_items[-1]
        if left == 0:
            open_items.pop()
            keys.pop()
            continue
        if offset >= size:
            raise ContainerError("manifest data ends in the middle of a value")
        if left == _UNTIL_BREAK and raw[offset] == _BREAK:
            open_items.pop()
            keys.pop()
            offset += 1
            continue
        if left != _UNTIL_BREAK:
            open_items[-1] = left - 1
        take(raw[offset])
        start = offset
        offset, children = _item(raw, offset, size)
        if (map_keys := keys[-1]) is not None:
            map_keys.take(raw, start, offset, children)
        if children:
            open_items.append(children)
            keys.append(_Keys() if raw[start] >> 5 == _MAP else None)
            if len(open_items) > MAX_DEPTH:
                raise Refused("manifest data is nested too deeply")


class _Keys:
    """The keys of one map: which of two values of a key counts, every reader decides for itself (RFC 8949 §5.6)."""

    __slots__ = ("seen", "turn")

    def __init__(self) -> None:
        self.seen = set[tuple[int, bytes]]()
        self.turn = True  #: the next item of the map is a key

    def take(self, raw: bytes, start: int, end: int, children: int) -> None:
        """Look at one item of the map, from ``start`` to ``end``."""
        if self.turn:
            key = _plain(raw, start, end)
            if children or key in self.seen:
                raise ContainerError("a map of manifest data has a key twice, or one that is no plain value")
            self.seen.add(key)
        self.turn = not self.turn


def _plain(raw: bytes, start: int, end: int) -> tuple[int, bytes]:
    """Return type and value of an item however long its head is; bytes, since chosen numbers collide."""
    major, extra = raw[start] >> 5, raw[start] & 31
    head = start + 1 + _WIDTHS.get(extra, 0)
    if major in (2, 3):
        return major, raw[head:end]
    if major < 2:
        return major, (raw[start + 1 : head] if extra >= 24 else bytes([extra])).lstrip(b"\x00")
    return major, raw[start:end]


def _item(data: bytes, offset: int, size: int) -> tuple[int, int]:
    """Return the offset after the head (and text) of one item, and how many items it holds."""
    major, extra = data[offset] >> 5, data[offset] & 31
    offset += 1
    if extra == 31 and major in (2, 3, 4, 5):
        return offset, _UNTIL_BREAK
    value = extra
    if extra >= 24:
        width = _WIDTHS.get(extra, 0)
        if not width:
            raise ContainerError("manifest data is no CBOR")
        value = int.from_bytes(data[offset : offset + width], "big")
        offset += width
    children = 0
    if major in (2, 3):
        offset += value
    elif major in (4, 5, 6):
        children = 1 if major == 6 else value * (major - 3)
    if offset > size or children > size - offset:
        raise Refused("manifest data declares more than its box holds")
    return offset, children

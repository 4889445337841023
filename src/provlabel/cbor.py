"""The heads of CBOR (RFC 8949), walked within limits before anything unfolds the values.

A declared length beyond the data is what eats memory, and a map of many chosen keys is what eats time.
"""

from __future__ import annotations

from collections.abc import Callable

from provlabel.containers import ContainerError

MAX_DEPTH = 64
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}  # bytes of the value after a head (RFC 8949 §3)
_BREAK = 0xFF
_UNTIL_BREAK = -1  # an item of undeclared length (RFC 8949 §3.2.1), as older manifests have


class Refused(ValueError):
    """The file asks for more than any honest one, or for what makes the engine abort."""


def walk(data: memoryview, take: Callable[[int], None]) -> None:
    """Walk the heads of one CBOR value; ``take`` is called with the head of each item and may refuse.

    Raises:
        Refused: it is nested too deeply, or declares more than there is.
        ContainerError: it is no CBOR, or cut off.
    """
    raw = bytes(data)  # a byte of it is had twice as fast
    open_items, offset, size = [1], 0, len(raw)
    while open_items:
        left = open_items[-1]
        if left == 0:
            open_items.pop()
            continue
        if offset >= size:
            raise ContainerError("manifest data ends in the middle of a value")
        if left == _UNTIL_BREAK and raw[offset] == _BREAK:
            open_items.pop()
            offset += 1
            continue
        if left != _UNTIL_BREAK:
            open_items[-1] = left - 1
        take(raw[offset])
        offset, children = _item(raw, offset, size)
        if children:
            open_items.append(children)
            if len(open_items) > MAX_DEPTH:
                raise Refused("manifest data is nested too deeply")


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

"""The heads of CBOR (RFC 8949), walked within limits before anything unfolds the values.

A declared length beyond the data is what eats memory, and a map of many chosen keys is what eats time.
"""

from __future__ import annotations

from collections.abc import Callable

from provlabel.containers import ContainerError

MAX_DEPTH = 64
_UNTIL_BREAK = -1  # an item of undeclared length (RFC 8949 §3.2.1), as older manifests have


class Refused(ValueError):
    """The file asks for more than any honest one, or for what makes the engine abort."""


def walk(data: memoryview, take: Callable[[int], None]) -> None:
    """Walk the heads of one CBOR value; ``take`` is called with the head of each item and may refuse.

    Raises:
        Refused: it is nested too deeply, or declares more than there is.
        ContainerError: it is no CBOR, or cut off.
    """
    open_items, offset = [1], 0
    while open_items:
        if open_items[-1] == _UNTIL_BREAK and bytes(data[offset : offset + 1]) == b"\xff":
            open_items.pop()
            offset += 1
            continue
        if open_items[-1] == 0:
            open_items.pop()
            continue
        if open_items[-1] != _UNTIL_BREAK:
            open_items[-1] -= 1
        take(data[offset] if offset < len(data) else 0)
        offset, children = _item(data, offset)
        if children:
            open_items.append(children)
            if len(open_items) > MAX_DEPTH:
                raise Refused("manifest data is nested too deeply")


def _item(data: memoryview, offset: int) -> tuple[int, int]:
    """Return the offset after the head (and text) of one item, and how many items it holds."""
    if offset >= len(data):
        raise ContainerError("manifest data ends in the middle of a value")
    major, extra = data[offset] >> 5, data[offset] & 31
    offset += 1
    if extra == 31 and major in (2, 3, 4, 5):
        return offset, _UNTIL_BREAK
    value = extra
    if extra >= 24:
        width = {24: 1, 25: 2, 26: 4, 27: 8}.get(extra, 0)
        if not width:
            raise ContainerError("manifest data is no CBOR")
        value = int.from_bytes(data[offset : offset + width], "big")
        offset += width
    children = {4: value, 5: 2 * value, 6: 1}.get(major, 0)
    if major in (2, 3):
        offset += value
    if offset > len(data) or children > len(data) - offset:
        raise Refused("manifest data declares more than its box holds")
    return offset, children

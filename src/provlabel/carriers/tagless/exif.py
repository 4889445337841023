"""EXIF (CIPA DC-008): which of its values are text that nothing acts on, and what counts beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

#: Texts, dates and stars in the first directory and in that of EXIF.
EXIF_TAGS = frozenset(
    {
        *(0x010D, 0x010E, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x4749, 0x8298),
        *(0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9286, 0x9290, 0x9291, 0x9292),
        *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F, 0xA430),
    }
)
_MOST = 1 << 20  # bytes that are looked into
_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
_DIRECTORIES = {0x8769: "exif", 0x8825: "gps", 0xA005: "interoperability"}
_PREVIEW, _PREVIEW_LENGTH = 0x0201, 0x0202
_ELSEWHERE = frozenset({0x0111, 0x0144, 0x014A})  # strips, tiles, directories below
_WIDTHS = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8)  # bytes of a value by its type
_ENTRY, _MAX_ENTRIES = 12, 1_000
_NEXT = {"first": "second"}  # names of the directories that follow each other: of the picture, of its preview


def exif_block(block: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the values that count, wherever they lie, directory by directory, and the preview.

    A block that cannot be followed in all counts whole.
    """
    raw = block.removeprefix(b"Exif\0\0")
    try:
        found = list(_Block(raw, _ORDERS[raw[:4]]).counted()) if len(raw) <= _MOST else None
    except (LookupError, ValueError):
        found = None
    if found is None or sum(len(value) for _, value in found) > 2 * len(raw):  # values may share their bytes
        yield "exif", block
    else:
        yield "exif", raw[:4]
        yield from found


class _Value(NamedTuple):
    tag: int
    kind: int
    amount: int
    at: int  #: where it stands in the block, if it takes up to four bytes

    @property
    def length(self) -> int:
        return self.amount * _WIDTHS[self.kind]


class _Block(NamedTuple):
    raw: bytes
    order: Literal["little", "big"]

    def counted(self) -> Iterator[tuple[str, bytes]]:
        """Yield what counts.

        Raises:
            LookupError: a value is not there, or of an unknown kind.
            ValueError: something is not followed.
        """
        waiting, seen = [("first", self._number(4))], {0}
        while waiting:
            name, start = waiting.pop(0)
            if start in seen:
                raise ValueError("a directory is there twice")
            seen.add(start)
            values = list(self._values(start))
            waiting += [
                (f"{name} {_DIRECTORIES[one.tag]}", self._number(one.at)) for one in values if one.tag in _DIRECTORIES
            ]
            yield from (self._named(name, one) for one in values if _counts(name, one.tag))
            yield from self._preview(name, {one.tag: self._number(one.at) for one in values})
            if (after := self._number(start + 2 + _ENTRY * len(values))) and " " not in name:
                waiting.append((_NEXT[name], after))

    def _values(self, start: int) -> Iterator[_Value]:
        count = self._number(start, 2)
        if count > _MAX_ENTRIES:
            raise ValueError("too many entries")
        for at in range(start + 2, start + 2 + _ENTRY * count, _ENTRY):
            yield _Value(self._number(at, 2), self._number(at + 2, 2), self._number(at + 4), at + 8)

    def _named(self, name: str, value: _Value) -> tuple[str, bytes]:
        if value.tag in _ELSEWHERE:
            raise ValueError("what it leads to is not followed")
        at = value.at if value.length <= 4 else self._number(value.at)
        return f"{name} {value.tag:04x} {value.kind} {value.amount}", self._at(at, value.length)

    def _preview(self, name: str, numbers: dict[int, int]) -> Iterator[tuple[str, bytes]]:
        if _PREVIEW in numbers:
            yield f"{name} preview", self._at(numbers[_PREVIEW], numbers[_PREVIEW_LENGTH])

    def _number(self, at: int, width: int = 4) -> int:
        return int.from_bytes(self._at(at, width), self.order)

    def _at(self, start: int, length: int) -> bytes:
        if start + length > len(self.raw):
            raise IndexError("ends in the middle of a value")
        return self.raw[start : start + length]


def _counts(name: str, tag: int) -> bool:
    if tag == _PREVIEW or tag in _DIRECTORIES:  # where something lies
        return False
    return tag not in EXIF_TAGS or name not in ("first", "first exif")

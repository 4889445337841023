"""Where a JPEG says that other pictures lie behind its end: in MPF (CIPA DC-007), in EXIF and in notes of cameras.

All of these are counted from the TIFF header in their own segment, or from the beginning of the file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal, NamedTuple

from provlabel.media.containers._base import PIECE, Part, read_exactly
from provlabel.media.containers.pointers import Pointers

_EXIF, _MPF = b"Exif\0\0", b"MPF\0"
_HEAD = 4  # marker and length of a segment
_ENTRY = 12  # bytes of one entry of a directory
_MAX_ENTRIES, _MAX_DIRECTORIES, _MAX_NUMBERS = 1_000, 50, 1_000
_PICTURES = 0xB002  # of MPF: 16 bytes about each picture
# Offsets of a thumbnail or preview, of strips and of tiles; directories below; what a camera noted.
_OFFSETS = {0x0201: "preview", 0x0111: "strips", 0x0144: "tiles"}
_BELOW = frozenset({0x014A, 0x8769, 0xA005})
_NOTE = 0x927C
_BEGINS = b"\xd8\xff"  # of a JPEG, behind its first byte
_SONY = 32  # bytes of a header of its own in front of a preview, whose first byte is spoiled
_SMALL = 0xFFFF  # numbers of this size stand in every note
_MAX_PICTURES, _MAX_SIZE = 200, 1 << 32
_ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")


class _BlockEntry(NamedTuple):
    tag: int
    width: int  #: of one value, 0 for a kind that holds no offsets
    amount: int
    at: int  #: where the values stand, in bytes from the beginning of the block


class _TiffBlock(NamedTuple):
    """A TIFF header and all that follows it in a segment."""

    at: int  #: in the file
    raw: bytes

    @property
    def order(self) -> Literal["big", "little"]:
        return "big" if self.raw[:2] == b"MM" else "little"

    @property
    def end(self) -> int:
        return self.at + len(self.raw)

    def number(self, at: int, width: int = 4) -> int:
        """Return a number; 0 behind the end."""
        return int.from_bytes(self.raw[at : at + width], self.order)

    def entries(self, directory: int) -> Iterator[_BlockEntry]:
        """Yield the entries of a directory, as far as they are there."""
        for index in range(min(self.number(directory, 2), _MAX_ENTRIES)):
            at = directory + 2 + _ENTRY * index
            if at + _ENTRY > len(self.raw):
                return
            tag, kind, amount = self.number(at, 2), self.number(at + 2, 2), self.number(at + 4)
            width = {1: 1, 3: 2, 4: 4, 7: 1, 13: 4}.get(kind, 0)
            yield _BlockEntry(tag, width, amount, at + 8 if width * amount <= 4 else self.number(at + 8))

    def numbers(self, entry: _BlockEntry) -> list[int]:
        """Return the values of an entry that lie in the block."""
        count = min(entry.amount, _MAX_NUMBERS, max(0, len(self.raw) - entry.at) // max(1, entry.width))
        return [self.number(entry.at + index * entry.width, entry.width) for index in range(count)]


def pointers(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Pointers]:
    """Yield the numbers that say where something lies behind the segment that they stand in."""
    size = max(part.end for part in parts)
    for block in _blocks(stream, parts, "marker e2", _MPF)[:1]:
        yield from _pictures(block, size)
    exif = _blocks(stream, parts, "APP1", _EXIF)
    if len(exif) == 1:  # of EXIF in several segments the others' bytes are counted without their heads
        yield from _previews(stream, exif[0], size)


def _blocks(stream: BinaryIO, parts: Sequence[Part], name: str, mark: bytes) -> list[_TiffBlock]:
    found = []
    for part in parts:
        raw = read_exactly(stream, part.start, part.length) if part.name == name else b""
        front = _HEAD + len(mark)
        if raw[_HEAD:front] == mark and raw[front : front + 4] in (b"II*\0", b"MM\0*") and len(raw) >= front + 8:
            found.append(_TiffBlock(part.start + front, raw[front:]))
    return found


def _pictures(block: _TiffBlock, size: int) -> Iterator[Pointers]:
    """Yield size of the first picture, which grows, and places of the others (CIPA DC-007 §5.2.3.3)."""
    for entry in block.entries(block.number(4)):
        if entry.tag != _PICTURES or entry.at + entry.amount > len(block.raw):
            continue
        for index, at in enumerate(range(entry.at, entry.at + entry.amount - 15, 16), 1):
            length, offset = block.number(at + 4), block.number(at + 8)
            if index == 1 and not offset and 0 < length <= size:
                yield Pointers("the end of MPF picture 1", block.at + at + 4, 4, (length,), 0, block.order, ends=True)
            elif offset and block.at + offset < size:
                name = f"MPF picture {index}"
                yield Pointers(name, block.at + at + 8, 4, (offset,), 0, block.order, block.at)


def _previews(stream: BinaryIO, block: _TiffBlock, size: int) -> Iterator[Pointers]:
    queue, done = [(block.number(4), True)], set[int]()
    while queue and len(done) < _MAX_DIRECTORIES:
        directory, chained = queue.pop(0)
        if directory in done or directory < 8:
            continue
        done.add(directory)
        for entry in block.entries(directory):
            if entry.tag in _BELOW:
                queue += [(at, False) for at in block.numbers(entry)]
            elif entry.tag in _OFFSETS and entry.width == 4:
                yield from _beyond(block, entry, size, f"{_OFFSETS[entry.tag]} of EXIF directory {len(done)}")
            elif entry.tag == _NOTE:
                yield from _noted(stream, block, entry, size)
        if chained:
            queue.append((block.number(directory + 2 + _ENTRY * block.number(directory, 2)), True))


def _beyond(block: _TiffBlock, entry: _BlockEntry, size: int, name: str) -> Iterator[Pointers]:
    for index, number in enumerate(block.numbers(entry)):
        if block.end <= block.at + number < size:
            at = block.at + entry.at + 4 * index
            yield Pointers(f"{name}, number {index + 1}", at, 4, (number,), 0, block.order, block.at)


def _noted(stream: BinaryIO, block: _TiffBlock, entry: _BlockEntry, size: int) -> Iterator[Pointers]:
    """Yield the numbers in a camera's note that say where a picture begins behind the segment.

    Each camera has notes of its own kind.  A number that is the place of the first bytes of a JPEG, to the byte, is
    taken for a pointer to it; it may be counted from the TIFF header, from the note, or from the beginning of the file.
    """
    note, start = block.raw[entry.at : entry.at + entry.amount], block.at + entry.at
    places = sorted(set(_beginnings(stream, block.end, size))) if len(note) >= 4 else []
    found: dict[int, Pointers] = {}
    # The likeliest first: where bytes could be read in two ways, the second is none.
    for order, base in itertools.product(sorted(_ORDERS, key=block.order.__ne__), (block.at, start, 0)):
        unlikely = order != block.order or not base
        for number in (place - base for place in places if place - base > unlikely * _SMALL):
            for at in _occurrences(note, number.to_bytes(4, order)):
                if not any(other in found for other in range(at - 3, at + 4)):
                    name = f"picture at byte {at} of the camera's note"
                    found[at] = Pointers(name, start + at, 4, (number,), 0, order, base)
    yield from found.values()


def _occurrences(whole: bytes, piece: bytes) -> Iterator[int]:
    at = whole.find(piece)
    while at >= 0:
        yield at
        at = whole.find(piece, at + len(piece))


def _beginnings(stream: BinaryIO, start: int, size: int) -> Iterator[int]:
    """Yield where a JPEG begins behind the picture itself, or a header of Sony's in front of one."""
    found = 0
    for at in range(start, min(size, _MAX_SIZE), PIECE):
        data = read_exactly(stream, at, min(PIECE + 3, size - at))
        hit = data.find(_BEGINS, 1)
        while hit > 0:
            # In a scan no marker but those of restarts follows FF, so that this is none of its bytes.
            if data[hit - 1] == 0xFF or (data[hit - 1] == 0 and data[hit + 2 : hit + 3] in (b"\xdb", b"\xe1")):
                yield from (at + hit - 1, max(start, at + hit - 1 - _SONY))
                found += 1
                if found == _MAX_PICTURES:
                    return
            hit = data.find(_BEGINS, hit + 1)

"""Where chunks, fragments and items lie in their file (ISO 14496-12 §8.7, §8.8, §8.11), and how that is moved."""

from __future__ import annotations

import array
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers import items
from provlabel.media.containers._base import ContainerError, Part, read_exactly
from provlabel.media.containers.boxes import Box, box_at, boxes, content, entered, inside
from provlabel.media.containers.edits import Edit
from provlabel.media.containers.pointers import Pointers

_MAX_TABLES = 32 << 20  # bytes of chunk offsets in all tracks
_TABLE = 8  # version, flags and count in front of the entries of a table
# What a file in fragments has.
_FRAGMENTS = frozenset({"moof", "mfra", "sidx", "styp"})


def movies(stream: BinaryIO, parts: Sequence[Part]) -> list[Box]:
    """Return the movie boxes of a file of these parts."""
    starts = {part.start for part in parts if part.name == "moov"}
    end = stream.seek(0, 2)
    return [box for start in sorted(starts) for box in itertools.islice(boxes(stream, start, end), 1)]


def movie(stream: BinaryIO, parts: Sequence[Part]) -> Box:
    """Return the one movie box.

    Raises:
        ContainerError: there is none, or more than one.
    """
    found = movies(stream, parts)
    if len(found) != 1:
        raise ContainerError("the file does not have one movie")
    return found[0]


def require_plain(stream: BinaryIO, parts: Sequence[Part], moov: Box) -> None:
    """Refuse a movie whose samples lie in fragments: the sizes of its boxes are not followed.

    Raises:
        ContainerError: it is one.
    """
    if _FRAGMENTS & {part.name for part in parts} or inside(stream, moov, b"mvex"):
        raise ContainerError("a file in fragments cannot be changed")


def moved(stream: BinaryIO, parts: Sequence[Part], at: int, growth: int) -> Iterator[Edit]:
    """Yield all tables of places in the file, where all that lies at ``at`` or behind moves by ``growth`` bytes.

    Raises:
        ContainerError: places are stated in a way that is not followed.
    """
    if all(part.start < at for part in parts):
        return
    if any(part.name == "sidx" and part.start < at for part in parts):
        raise ContainerError("the file has an index in front of what is changed")
    for found in pointers(stream, parts):
        yield from found.moved(lambda place: place + growth if place >= at else place)


def pointers(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Pointers]:
    """Yield the tables of places in a file; what is counted from a place that moves along is not among them.

    That is so of ``trun`` and ``saio`` in fragments, and of items that lie in others.

    Raises:
        ContainerError: places are stated in a way that is not followed.
    """
    tables = _PlaceTables(stream)
    if any(part.name == "moov" for part in parts):
        yield from _of_movie(tables, movie(stream, parts))
    for kind, pointers_of in _TOP.items():
        for count, part in enumerate((part for part in parts if part.name == kind), 1):
            yield from pointers_of(tables, box_at(stream, part.start), str(count))


class _PlaceTables:
    """Reads tables, and counts their bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self._left = _MAX_TABLES

    def raw(self, table: Box) -> bytes:
        self._left -= table.end - table.body
        if self._left < 0:
            raise ContainerError(f"the file has more than {_MAX_TABLES:,} bytes of tables of places")
        return read_exactly(self.stream, table.body, table.end - table.body)

    def list(self, table: Box, front: int, name: str, *, wide: bool) -> Pointers:
        """Return the list of places behind a count that ends at the byte ``front`` of the table."""
        data, width = self.raw(table), 8 if wide else 4
        end = front + int.from_bytes(data[front - 4 : front], "big") * width
        if end > len(data):
            raise ContainerError("a table of places ends after its box")
        numbers = array.array("Q" if wide else "I")
        numbers.frombytes(data[front:end])
        if sys.byteorder == "little":
            numbers.byteswap()
        return Pointers(name, table.body + front, width, numbers)


def _of_index(tables: _PlaceTables, tfra: Box, index: str) -> Iterator[Pointers]:
    """Yield the places of fragments in an index of them (ISO 14496-12 §8.8.10)."""
    data = tables.raw(tfra)
    width = 8 if data[:1] == b"\x01" else 4
    widths, count = int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:16], "big")
    entry = 2 * width + sum((widths >> shift & 3) + 1 for shift in (4, 2, 0))
    if 16 + entry * count > len(data):
        raise ContainerError("a table of places ends after its box")
    starts = range(16 + width, 16 + entry * count, entry)
    numbers = [int.from_bytes(data[at : at + width], "big") for at in starts]
    yield Pointers(f"index {index} of fragments (tfra)", tfra.body + 16 + width, width, numbers, entry)


def _of_movie(tables: _PlaceTables, moov: Box) -> Iterator[Pointers]:
    stream = tables.stream
    if inside(stream, moov, b"cmov"):
        raise ContainerError("the movie box is compressed")
    tracks = _all_inside(stream, moov, b"trak")
    for count, meta in enumerate((meta for holder in (moov, *tracks) for meta in _metas(stream, holder)), 1):
        yield from _of_items(tables, meta, f"{count} of the movie")
    for count, track in enumerate(tracks, 1):
        media = _descend(stream, track, b"mdia", b"minf")
        references = (refs for info in media for refs in _descend(stream, info, b"dinf", b"dref"))
        if not all(_in_file(stream, refs) for refs in references):
            raise ContainerError("a track of the file lies in another file")
        for samples in (box for info in media for box in _all_inside(stream, info, b"stbl")):
            yield from _of_samples(tables, samples, f"of track {count}")


def _of_samples(tables: _PlaceTables, samples: Box, track: str) -> Iterator[Pointers]:
    for table in _all_inside(tables.stream, samples, b"stco", b"co64"):
        yield tables.list(table, _TABLE, f"chunks {track} ({table.kind.decode()})", wide=table.kind == b"co64")
    for table in _all_inside(tables.stream, samples, b"saio"):
        head = read_exactly(tables.stream, table.body, 4)
        name = f"auxiliary information {track} (saio at byte {table.start - samples.start} of its tables)"
        yield tables.list(table, _TABLE + 8 * (head[3] & 1), name, wide=head[0] == 1)


def _of_fragment(tables: _PlaceTables, moof: Box, fragment: str) -> Iterator[Pointers]:
    """Yield the places of the tracks of a fragment that are counted from the beginning of the file (§8.8.7)."""
    for count, traf in enumerate(_all_inside(tables.stream, moof, b"traf"), 1):
        if any(_metas(tables.stream, holder) for holder in (moof, traf)):
            raise ContainerError("a fragment has items, whose places are not followed")
        for tfhd in _all_inside(tables.stream, traf, b"tfhd"):
            if read_exactly(tables.stream, tfhd.body, 4)[3] & 1:
                base = int.from_bytes(read_exactly(tables.stream, tfhd.body + _TABLE, 8), "big")
                yield Pointers(f"base of track {count} in fragment {fragment} (tfhd)", tfhd.body + _TABLE, 8, (base,))


def _of_items(tables: _PlaceTables, meta: Box, count: str) -> Iterator[Pointers]:
    meta = entered(tables.stream, meta)
    idat = next((box.body for box in _all_inside(tables.stream, meta, b"idat")), None)
    for iloc in _all_inside(tables.stream, meta, b"iloc"):
        yield from items.pointers(tables.raw(iloc), iloc.body, idat, f"metadata {count}")


#: What is looked into at the top of a file.
_TOP: dict[str, Callable[[_PlaceTables, Box, str], Iterator[Pointers]]] = {
    "meta": _of_items,
    "moof": _of_fragment,
    "mfra/tfra": _of_index,
}


def _metas(stream: BinaryIO, holder: Box) -> list[Box]:
    """Return the boxes of metadata of a movie, track or fragment; their items may lie anywhere in the file (§8.11)."""
    outer = (holder, *inside(stream, holder, b"udta"))
    return [meta for one in outer for meta in inside(stream, one, b"meta")]


def _descend(stream: BinaryIO, box: Box, *kinds: bytes) -> list[Box]:
    found = [box]
    for kind in kinds:
        found = [inner for outer in found for inner in _all_inside(stream, outer, kind)]
    return found


def _all_inside(stream: BinaryIO, outer: Box, *kinds: bytes) -> list[Box]:
    """Return the boxes of these kinds in ``outer``, where nothing can hide behind what is no box."""
    found = inside(stream, outer)
    if outer.end - (found[-1].end if found else outer.body) >= 8:
        raise ContainerError(f"the box at byte {outer.start} holds something else than boxes")
    return [box for box in found if box.kind in kinds]


def _in_file(stream: BinaryIO, refs: Box) -> bool:
    """Do all data references mean this very file (ISO 14496-12 §8.7.2: flag 1)?"""
    entries = boxes(stream, refs.body + _TABLE, refs.end)
    return all(content(stream, box)[3:4] == b"\x01" for box in entries)

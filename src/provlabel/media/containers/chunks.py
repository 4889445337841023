"""Where chunks, fragments and items lie in their file (ISO 14496-12 §8.7, §8.8, §8.11), and how that is moved."""

from __future__ import annotations

import array
import itertools
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers import items
from provlabel.media.containers._base import ContainerError, Part, read_exactly
from provlabel.media.containers.boxes import Box, box_at, boxes, content, entered, inside, wider
from provlabel.media.containers.edits import Edit

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

    What is counted from a place that moves along stays: ``sidx``, ``trun``, items in ``idat`` or in other items.

    Raises:
        ContainerError: places are stated in a way that is not followed.
    """
    if all(part.start < at for part in parts):
        return
    move = _Move(stream, at, growth)
    if any(part.name == "sidx" and part.start < at for part in parts):
        raise ContainerError("the file has an index in front of what is changed")
    if any(part.name == "moov" for part in parts):
        yield from _of_movie(move, movie(stream, parts))
    for part in parts:
        if part.name == "meta":
            yield from _of_items(move, entered(stream, box_at(stream, part.start)))
        elif part.name == "moof":
            yield from _of_fragment(move, box_at(stream, part.start))
        elif part.name == "mfra/tfra":
            yield from move.index(box_at(stream, part.start))


class _Move:
    """Moves the places of tables; all in a file are counted."""

    def __init__(self, stream: BinaryIO, at: int, growth: int) -> None:
        self.stream, self.at, self.growth = stream, at, growth
        self._left = _MAX_TABLES

    def raw(self, table: Box) -> bytes:
        """Read a table."""
        self._left -= table.end - table.body
        if self._left < 0:
            raise ContainerError(f"the file has more than {_MAX_TABLES:,} bytes of tables of places")
        return read_exactly(self.stream, table.body, table.end - table.body)

    def list(self, table: Box, front: int, *, wide: bool) -> Iterator[Edit]:
        """Yield the change of a list of places behind its count, which ends at the byte ``front`` of the table."""
        data, offsets = self.raw(table), array.array("Q" if wide else "I")
        end = front + int.from_bytes(data[front - 4 : front], "big") * offsets.itemsize
        if end > len(data):
            raise ContainerError("a table of places ends after its box")
        offsets.frombytes(data[front:end])
        if sys.byteorder == "little":
            offsets.byteswap()
        try:
            new = array.array(offsets.typecode, (at + self.growth if at >= self.at else at for at in offsets))
        except OverflowError:
            raise ContainerError("places would be larger than their table can say") from None
        if sys.byteorder == "little":
            new.byteswap()
        yield Edit(table.body + front, table.body + end, new.tobytes())

    def number(self, at: int, width: int) -> Iterator[Edit]:
        """Yield the change of one place."""
        place = int.from_bytes(read_exactly(self.stream, at, width), "big")
        if place >= self.at:
            yield Edit(at, at + width, wider(place + self.growth, width))

    def index(self, tfra: Box) -> Iterator[Edit]:
        """Yield the changes of an index of fragments (ISO 14496-12 §8.8.10)."""
        data = self.raw(tfra)
        width = 8 if data[:1] == b"\x01" else 4
        widths, count = int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:16], "big")
        entry = 2 * width + sum((widths >> shift & 3) + 1 for shift in (4, 2, 0))
        if 16 + entry * count > len(data):
            raise ContainerError("a table of places ends after its box")
        new = bytearray(data)
        for at in range(16 + width, 16 + entry * count, entry):
            place = int.from_bytes(data[at : at + width], "big")
            if place >= self.at:
                new[at : at + width] = wider(place + self.growth, width)
        yield Edit(tfra.body, tfra.end, bytes(new))


def _of_movie(move: _Move, moov: Box) -> Iterator[Edit]:
    if inside(move.stream, moov, b"cmov"):
        raise ContainerError("the movie box is compressed")
    tracks = _all_inside(move.stream, moov, b"trak")
    for meta in (meta for holder in (moov, *tracks) for meta in _metas(move.stream, holder)):
        yield from _of_items(move, meta)
    for track in tracks:
        media = _descend(move.stream, track, b"mdia", b"minf")
        references = (refs for info in media for refs in _descend(move.stream, info, b"dinf", b"dref"))
        if not all(_in_file(move.stream, refs) for refs in references):
            raise ContainerError("a track of the file lies in another file")
        for samples in (box for info in media for box in _all_inside(move.stream, info, b"stbl")):
            yield from _of_samples(move, samples)


def _of_samples(move: _Move, samples: Box) -> Iterator[Edit]:
    for table in _all_inside(move.stream, samples, b"stco", b"co64"):
        yield from move.list(table, _TABLE, wide=table.kind == b"co64")
    for table in _all_inside(move.stream, samples, b"saio"):  # that of a fragment is counted from its own base
        head = read_exactly(move.stream, table.body, 4)
        yield from move.list(table, _TABLE + 8 * (head[3] & 1), wide=head[0] == 1)


def _of_fragment(move: _Move, moof: Box) -> Iterator[Edit]:
    """Yield the places of the tracks of a fragment that are counted from the beginning of the file (§8.8.7)."""
    for traf in _all_inside(move.stream, moof, b"traf"):
        if any(_metas(move.stream, holder) for holder in (moof, traf)):
            raise ContainerError("a fragment has items, whose places are not followed")
        for tfhd in _all_inside(move.stream, traf, b"tfhd"):
            if read_exactly(move.stream, tfhd.body + 3, 1)[0] & 1:
                yield from move.number(tfhd.body + _TABLE, 8)


def _of_items(move: _Move, meta: Box) -> Iterator[Edit]:
    for iloc in _all_inside(move.stream, meta, b"iloc"):
        yield Edit(iloc.body, iloc.end, items.moved(move.raw(iloc), move.at, move.growth))


def _metas(stream: BinaryIO, holder: Box) -> list[Box]:
    """Return the boxes of metadata of a movie, track or fragment; their items may lie anywhere in the file (§8.11)."""
    outer = (holder, *inside(stream, holder, b"udta"))
    return [entered(stream, meta) for one in outer for meta in inside(stream, one, b"meta")]


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

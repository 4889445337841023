"""Where the chunks of a movie lie in its file (ISO 14496-12 §8.7.5), and what changes when something moves them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers._base import ContainerError, Part, read_exactly
from provlabel.media.containers.boxes import Box, boxes, content, entered, inside
from provlabel.media.containers.edits import Edit

_MAX_TABLES = 32 << 20  # bytes of chunk offsets in all tracks
_TABLE = 8  # version, flags and count in front of the entries of a table
# Boxes with places in the file that are not followed.
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
    """Refuse a movie whose samples lie in fragments, or whose box is compressed.

    Raises:
        ContainerError: it is one.
    """
    if _FRAGMENTS & {part.name for part in parts} or inside(stream, moov, b"mvex", b"cmov"):
        raise ContainerError("a file in fragments, or with a compressed movie box, cannot be changed")


def moved(stream: BinaryIO, parts: Sequence[Part], moov: Box, at: int, growth: int) -> Iterator[Edit]:
    """Yield the chunk offsets of all tracks, where all that lies at ``at`` or behind moves by ``growth`` bytes.

    Raises:
        ContainerError: places are stated in a way that is not followed.
    """
    if all(part.start < at for part in parts):
        return
    tracks = _all_inside(stream, moov, b"trak")
    if any(part.name == "meta" for part in parts) or any(_has_items(stream, box) for box in (moov, *tracks)):
        raise ContainerError("the file has items, whose places are not followed")
    read = 0
    for track in tracks:
        media = _descend(stream, track, b"mdia", b"minf")
        if any(not _in_file(stream, refs) for info in media for refs in _descend(stream, info, b"dinf", b"dref")):
            raise ContainerError("a track of the file lies in another file")
        for samples in (box for info in media for box in _all_inside(stream, info, b"stbl")):
            if _all_inside(stream, samples, b"saio"):
                raise ContainerError("a track of the file is protected")
            for table in inside(stream, samples, b"stco", b"co64"):
                read += table.end - table.body
                if read > _MAX_TABLES:
                    raise ContainerError(f"the file has more than {_MAX_TABLES:,} bytes of chunk offsets")
                yield from _table(stream, table, at, growth)


def _has_items(stream: BinaryIO, box: Box) -> bool:
    """Does the metadata of a movie or track hold items (ISO 14496-12 §8.11), which may lie anywhere in the file?"""
    metas = [meta for holder in (box, *inside(stream, box, b"udta")) for meta in inside(stream, holder, b"meta")]
    return any(inside(stream, entered(stream, meta), b"iloc") for meta in metas)


def _descend(stream: BinaryIO, box: Box, *kinds: bytes) -> list[Box]:
    found = [box]
    for kind in kinds:
        found = [inner for outer in found for inner in _all_inside(stream, outer, kind)]
    return found


def _all_inside(stream: BinaryIO, outer: Box, kind: bytes) -> list[Box]:
    """Return the boxes of a kind in ``outer``, where nothing can hide behind what is no box."""
    found = inside(stream, outer)
    if outer.end - (found[-1].end if found else outer.body) >= 8:
        raise ContainerError(f"the box at byte {outer.start} holds something else than boxes")
    return [box for box in found if box.kind == kind]


def _in_file(stream: BinaryIO, refs: Box) -> bool:
    """Do all data references mean this very file (ISO 14496-12 §8.7.2: flag 1)?"""
    entries = boxes(stream, refs.body + _TABLE, refs.end)
    return all(content(stream, box)[3:4] == b"\x01" for box in entries)


def _table(stream: BinaryIO, table: Box, first: int, growth: int) -> Iterator[Edit]:
    """Yield a table of chunk offsets with those from ``first`` on moved."""
    import array
    import sys

    offsets = array.array("Q" if table.kind == b"co64" else "I")
    data = read_exactly(stream, table.body, table.end - table.body)
    end = _TABLE + int.from_bytes(data[4:_TABLE], "big") * offsets.itemsize
    if end > len(data):
        raise ContainerError("a table of chunk offsets ends after its box")
    offsets.frombytes(data[_TABLE:end])
    if sys.byteorder == "little":
        offsets.byteswap()
    try:
        new = array.array(offsets.typecode, (at + growth if at >= first else at for at in offsets))
    except OverflowError:
        raise ContainerError("chunk offsets would be larger than their table can say") from None
    if sys.byteorder == "little":
        new.byteswap()
    yield Edit(table.body + _TABLE, table.body + end, new.tobytes())

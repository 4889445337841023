"""Media of an ISO base media file that lie in other files (ISO 14496-12 §8.7.2; in QuickTime "data references")."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers import items
from provlabel.media.containers._base import ContainerError, Part, read_exactly
from provlabel.media.containers.boxes import Box, box_at, boxes, content, entered, inside

_TABLE = 8  # version, flags and count
_SMALL = 1 << 20  # bytes
_MOST = 1_000  # data references and kinds of samples that are looked at in one table


def elsewhere(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[str]:
    """Yield what of the file lies in another one."""
    names = {part.name for part in parts}
    if "moov/mvex" in names and not {"moof", "mdat"} & names:
        yield "it is the beginning of a stream, whose sound and picture lie in other files"
    for part in parts:
        if part.name == "moov":
            yield from _tracks(*_held(stream, box_at(stream, part.start)))
    for part in items.metas(parts):
        meta, described = _held(stream, box_at(stream, part.start))
        described = entered(meta, described)
        if _outside(meta, described) and _items_outside(meta, described):
            yield "an item lies in another file"


def _held(stream: BinaryIO, box: Box) -> tuple[BinaryIO, Box]:
    """Return a box in memory where it is small: many small reads of a file take longer than one."""
    if box.end - box.start > _SMALL:
        return stream, box
    return io.BytesIO(read_exactly(stream, box.start, box.end - box.start)), Box(
        box.kind, 0, box.body - box.start, box.end - box.start
    )


def _tracks(stream: BinaryIO, moov: Box) -> Iterator[str]:
    if inside(stream, moov, b"rmra"):
        yield "it is a list of other movies"
    for number, trak in enumerate(inside(stream, moov, b"trak"), 1):
        for minf in _below(stream, trak, b"mdia", b"minf"):
            if _outside(stream, minf) & _used(stream, minf):
                yield f"the media of track {number} lie in another file"


def _below(stream: BinaryIO, box: Box, *kinds: bytes) -> list[Box]:
    found = [box]
    for kind in kinds:
        found = [inner for outer in found for inner in inside(stream, outer, kind)]
    return found


def _outside(stream: BinaryIO, holder: Box) -> set[int]:
    """Return the numbers of the data references that do not say that they mean this very file (flag 1)."""
    found = (
        entry
        for dref in _below(stream, holder, b"dinf", b"dref")
        for entry in enumerate(itertools.islice(boxes(stream, dref.body + _TABLE, dref.end), _MOST), 1)
    )
    return {number for number, entry in found if not read_exactly(stream, entry.body, 4)[3] & 1}


def _used(stream: BinaryIO, minf: Box) -> set[int]:
    """Return the numbers of the data references that samples have."""
    return {
        int.from_bytes(read_exactly(stream, entry.body + 6, 2), "big")
        for stsd in _below(stream, minf, b"stbl", b"stsd")
        for entry in itertools.islice(boxes(stream, stsd.body + _TABLE, stsd.end), _MOST)
    }


def _items_outside(stream: BinaryIO, meta: Box) -> bool:
    """Is an item there by a reference?"""
    try:
        tables = [content(stream, box) for box in inside(stream, meta, b"iloc")]
        return any(item.method == -1 for table in tables for _, item in items.entries(table))
    except ContainerError:
        return True

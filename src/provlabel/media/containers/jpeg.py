"""JPEG (ITU-T T.81): marker segments up to the first scan; C2PA lies in APP11 (ISO 19566-5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers._base import (
    MAX_PARTS,
    ContainerError,
    Part,
    PartRole,
    read_exactly,
    with_gaps,
    write_at,
)
from provlabel.media.containers.edits import Edit, Hole, NoHole, hole_at, without_manifest
from provlabel.media.containers.jpeg_pointers import pointers
from provlabel.media.containers.pointers import moved

_SOS, _EOI = 0xDA, 0xD9
_STANDALONE = frozenset({0x00, 0x01})
# Where readers agree on a length; of all others the engine knows none, and looks for the next marker at once.
_WITH_LENGTH = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE})
_RESTARTS = frozenset(range(0xD0, 0xD8))  # to which the engine gives a length, and nobody else does
_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_APP11 = 0xEB
_METADATA = {0xE1: "APP1", 0xED: "APP13", 0xFE: "COM"}
_PIECE = 1 << 20  # bytes read at once
_STRAY = 4 << 10  # bytes between two segments that readers pass over; some cameras leave two
_NEAR = 1 << 16  # bytes before the end of the scan that are searched first
_EOI_MARKER = b"\xff\xd9"
# Marker, length, "JP", box instance (2), sequence number (4): then the JUMBF bytes.
_APP11_HEAD = 12


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield the segments before the first scan, then all the rest as one part of media."""
    yield from with_gaps(_walk(stream, size), size)


def _walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    if read_exactly(stream, 0, 2) != b"\xff\xd8":
        raise ContainerError("no JPEG start of image")
    offset, ours = 2, _Pieces()
    for _ in range(MAX_PARTS):
        offset = _next_marker(stream, offset, size)
        marker = read_exactly(stream, offset, 2)[1]
        if marker in _STANDALONE:
            offset += 2
            continue
        if marker in (_SOS, _EOI):
            yield Part("image data", offset, size - offset, "media")
            return
        length = 2 + int.from_bytes(read_exactly(stream, offset + 2, 2), "big")
        if length < 4 or offset + length > size:
            raise ContainerError(f"segment at byte {offset} has an impossible length")
        _require_one_end(stream, marker, offset, length)
        yield _segment(stream, marker, offset, length, ours)
        offset += length
    raise ContainerError("too many segments")


def _next_marker(stream: BinaryIO, offset: int, size: int) -> int:
    """Return where the next marker begins: readers pass over what is none, and over bytes that fill.

    Raises:
        ContainerError: that is more than the little which is found in the world.
    """
    near = read_exactly(stream, offset, min(2, size - offset))
    if near[:1] == b"\xff" and near != b"\xff\xff":
        return offset
    passed = read_exactly(stream, offset, min(_STRAY, size - offset))
    at = passed.find(b"\xff")
    while at >= 0 and passed[at + 1 : at + 2] == b"\xff":
        at += 1
    if at < 0 or at + 1 >= len(passed):
        raise ContainerError(f"no marker at byte {offset}")
    return offset + at


def _require_one_end(stream: BinaryIO, marker: int, offset: int, length: int) -> None:
    """Refuse a segment behind which some readers go on elsewhere, if they can find a marker of their own there.

    Raises:
        ContainerError: it is one.
    """
    if marker in _WITH_LENGTH:
        return
    if marker in _RESTARTS or _MARKER.search(read_exactly(stream, offset + 2, length - 2)):
        raise ContainerError(f"readers do not agree on where the segment at byte {offset} ends")


def require_whole(stream: BinaryIO, parts: Sequence[Part]) -> None:
    """Refuse a picture that was cut off: no end-of-image marker follows its first scan.

    It is looked for near the end first; what cameras append behind a picture may be long.

    Raises:
        ContainerError: the end is missing.
    """
    scan = parts[-1]
    near = max(scan.start, scan.end - _NEAR)
    if _EOI_MARKER in read_exactly(stream, near, scan.end - near):
        return
    stream.seek(scan.start)
    tail = b""
    while piece := stream.read(_PIECE):
        if _EOI_MARKER in tail + piece:
            return
        tail = piece[-1:]
    raise ContainerError("the picture is cut off: it has no end")


def _segment(stream: BinaryIO, marker: int, offset: int, length: int, ours: _Pieces) -> Part:
    """Name a segment."""
    if marker == _APP11 and length > _APP11_HEAD + 8:
        head = read_exactly(stream, offset + 4, min(29, length - 4))
        if ours.takes(head, offset):
            return Part("APP11", offset, length, "manifest", offset + _APP11_HEAD, length - _APP11_HEAD)
    name = _METADATA.get(marker)
    role: PartRole = "metadata" if name else "media"
    return Part(name or f"marker {marker:02x}", offset, length, role)


class _Pieces:
    """Tells the segments of a manifest from those of JPEG XT and of other JUMBF boxes (ISO 19566-5).

    The first has the type ``c2pa`` in the description of its box, further ones have the number of the first.  So the
    engine finds them, which looks neither at the identifier ``JP`` nor, much, at the sequence.
    """

    def __init__(self) -> None:
        self._number = b""  # of the box
        self._count = 0

    def takes(self, head: bytes, offset: int) -> bool:
        """Is the segment at ``offset`` one of them?

        Raises:
            ContainerError: the engine takes it for one, and whoever follows the standard does not.
        """
        number, place = head[2:4], int.from_bytes(head[4:8], "big")
        if number == self._number:
            if place <= self._count:  # the engine takes no more of this number
                self._number = b""
                return False
            self._count += 1
        elif head[24:28] == b"c2pa" and len(head) > 28:
            self._number, self._count = number, 1
        else:
            return False
        # The first has number 1; Microsoft writes 0.
        if head[:2] != b"JP" or place not in ((0, 1) if self._count == 1 else (self._count,)):
            raise ContainerError(f"the APP11 segment at byte {offset} is of a manifest that only some readers find")
        return True


def stores(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[bytes]:
    """Join the segments of each store; each repeats the first 8 bytes of the store."""
    joined: dict[bytes, bytearray] = {}
    for part in parts:
        piece = read_exactly(stream, part.payload_at, part.payload_length)
        instance = read_exactly(stream, part.payload_at - 6, 2)
        if instance in joined:
            joined[instance] += piece[8:]
        else:
            joined[instance] = bytearray(piece)
    yield from (bytes(store) for store in joined.values())


def splice(stream: BinaryIO, parts: Sequence[Part], store: bytes) -> None:
    """Write ``store`` over the old one; the 8 bytes that each further segment repeats do not change."""
    write_at(stream, parts[0].payload_at, store[: parts[0].payload_length])
    done = parts[0].payload_length
    for part in parts[1:]:
        length = part.payload_length - 8
        write_at(stream, part.payload_at + 8, store[done : done + length])
        done += length


# "JP" and the number of the box, which distinguish its segments from those of other JUMBF boxes.
_C2PA_BOX = b"JP\x02\x11"
_LONGEST = 64_000  # bytes of the store in one segment; the engine's choice, a little less than would fit


def hole(stream: BinaryIO, parts: Sequence[Part], length: int) -> Hole:
    """Make room for a store behind the first ``APP0``, where the engine puts it; an old one goes.

    Raises:
        NoHole: another box has the number of ours.
        ContainerError: what says where other pictures lie in the file cannot be put right.
    """
    at = 2
    for part in parts:  # of JFIF, and JFXX behind it
        at = part.end if part.name == "marker e0" and part.start == at else at
    old = without_manifest(parts)
    for part in parts:
        if part.name == "marker eb" and read_exactly(stream, part.start + 4, 4) == _C2PA_BOX:
            raise NoHole("another JUMBF box has the number of the manifest's")
    filled = len(_segments(bytes(length)))
    put_right = moved(pointers(stream, parts), [Edit(at, at, bytes(filled)), *old])
    return hole_at(at, filled, _segments, others=(*old, *put_right))


def _segments(store: bytes) -> bytes:
    """Cut a store into segments; each further one repeats the first 8 bytes of the store."""
    cuts = [store[start : start + _LONGEST] for start in range(0, len(store), _LONGEST)]
    bodies = [cuts[0], *(store[:8] + cut for cut in cuts[1:])]
    return b"".join(
        b"\xff\xeb" + (len(body) + _APP11_HEAD - 2).to_bytes(2, "big") + _C2PA_BOX + number.to_bytes(4, "big") + body
        for number, body in enumerate(bodies, 1)
    )

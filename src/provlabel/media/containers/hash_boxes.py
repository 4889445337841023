"""The boxes that ``c2pa.hash.boxes`` lists (C2PA 2.4 §18.7), by our own walk: what lies in none of them is unhashed.

The engine hashes the boxes that a manifest lists, and never asks whether the file holds more than these.  Its own walk
ends without a word where it meets what it does not know, and passes over some boxes.  Here each box has the name and
the extent that the engine gives it; what it passes over is not among them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.media.containers import gif
from provlabel.media.containers._base import MAX_PARTS, PIECE, ContainerError, Part, read_exactly
from provlabel.media.containers.boxes import boxes

#: What the manifest's own box is called; it is in no hash.
MANIFEST = "C2PA"
_SIGNATURE = "PNGh"  # which a list may leave away: whoever reads a PNG has compared these 8 bytes


class HashBox(NamedTuple):
    """One box, and where it lies."""

    name: str
    start: int
    end: int


class BoxGroup(NamedTuple):
    """One hash of the list: over the boxes of these names, from the beginning of the first to the end of the last."""

    names: tuple[str, ...]
    hashed: bool = True  #: not excluded


#: Yields the boxes of a file in its order; the parts are those of the walker.
BoxWalker = Callable[[BinaryIO, int, Sequence[Part]], Iterator[HashBox]]


def uncovered(found: Sequence[HashBox], listed: Iterable[BoxGroup], size: int) -> str:
    """Say what of a file lies in no hash, though it is not the manifest; empty when all does.

    Args:
        found: the boxes of the file.
        listed: the hashes of the manifest.
        size: bytes of the file.
    """
    spans = [(box.start, box.end) for box in found if box.name == MANIFEST][:1]  # of two, readers may take either
    beside = not spans
    waiting = iter(found)
    for index, one in enumerate(listed):
        if one.names == (MANIFEST,) and beside:
            continue
        if index == 0 and found and found[0].name == _SIGNATURE and one.names[:1] != (_SIGNATURE,):
            spans.append((next(waiting).start, found[0].end))
        met = [box for _, box in zip(one.names, waiting, strict=False)]
        if tuple(box.name for box in met) != one.names:
            return "the hashes are over other boxes than those of the file"
        if met and one.hashed and one.names != (MANIFEST,):
            spans.append((met[0].start, met[-1].end))
    return _gap(spans, size)


def _gap(spans: list[tuple[int, int]], size: int) -> str:
    done = 0
    for start, end in [*sorted(spans), (size, size)]:
        if start > done:
            return f"{start - done:,} bytes at byte {done} are in no hash"
        done = max(done, end)
    return ""


# --- JPEG ------------------------------------------------------------------------------------------

_NAMES = {0xC4: "DHT", 0xCC: "DAC", 0xD8: "SOI", 0xD9: "EOI", 0xDA: "SOS", 0xDB: "DQT", 0xDD: "DRI", 0xFE: "COM"}
_NAMES |= {0xE0 + number: f"APP{number}" for number in range(16)} | {
    0xC0 + number: f"SOF{number}" for number in range(3)
}
_NAMES |= {0xF0 + number: f"JPG{number}" for number in range(14)} | {
    0xD0 + number: f"RST{number}" for number in range(8)
}
_BARE = frozenset({0xD8, 0xD9, *range(0xD0, 0xD8)})  # markers without a length
_ALONE = frozenset(range(0xF0, 0xFE))  # of which the engine hashes the marker alone
_HEAD = 32  # bytes of a segment that tell what it is
_SHORT = 20  # bytes of an APP11 segment that the engine passes over
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)
_MARKER = re.compile(rb"\xff[^\xff]", re.DOTALL)


def of_jpeg(stream: BinaryIO, size: int, _: Sequence[Part]) -> Iterator[HashBox]:
    """Yield the segments up to the end of the file, those behind the first picture too; restarts lie within a scan."""
    at, ours = 2, None
    yield HashBox("SOI", 0, 2)
    for _count in range(MAX_PARTS):
        at = _found(stream, at, size, _MARKER)
        end = _end(stream, at, size)
        if end is None:
            return
        head = read_exactly(stream, at, min(_HEAD, size - at))
        name = _NAMES[head[1]]
        if name == "APP11":
            number = head[4:8]
            if ours is None and number[:2] == b"JP" and head[28:32] == b"c2pa":
                ours, end = number, _end_of_store(stream, at, end, size)
                yield HashBox(MANIFEST, at, end)
            elif end - at > _SHORT and (ours is None or number[2:] != ours[2:]):
                yield HashBox(name, at, end)
        elif name == "SOS":
            header, end = end, _found(stream, end, size, _AFTER_SCAN)
            yield HashBox(name, at, end)
            yield from _restarts(stream, header, end)
        else:
            yield HashBox(name, at, at + 2 if head[1] in _ALONE else end)
        at = end
    raise ContainerError("too many segments")


def _end(stream: BinaryIO, at: int, size: int) -> int | None:
    """Return where the segment at ``at`` ends; ``None`` for what is no segment that the engine knows."""
    if at + 2 > size:
        return None
    marker = read_exactly(stream, at, 2)[1]
    if marker not in _NAMES:
        return None
    if marker in _BARE:
        return at + 2
    end = at + 2 + int.from_bytes(read_exactly(stream, at + 2, 2), "big") if at + 4 <= size else size + 1
    return end if at + 4 <= end <= size else None


def _end_of_store(stream: BinaryIO, at: int, end: int, size: int) -> int:
    """Return where the last segment of the manifest ends that begins at ``at``: each has the number after the last.

    The first number is 1 (ISO 19566-5); some write 0.
    """
    head = read_exactly(stream, at, 12)
    place = int.from_bytes(head[8:], "big")
    while True:
        place += 1
        next_head = read_exactly(stream, end, min(12, size - end))
        after = _end(stream, end, size)
        if after is None or next_head[:2] != head[:2] or next_head[4:] != head[4:8] + place.to_bytes(4, "big"):
            return end
        end = after


def _found(stream: BinaryIO, at: int, size: int, pattern: re.Pattern[bytes]) -> int:
    """Return where two bytes of such a form begin, and the size where there are none."""
    while at < size:
        piece = read_exactly(stream, at, min(PIECE, size - at))
        found = pattern.search(piece)
        if found is not None:
            return at + found.start()
        at += max(1, len(piece) - 1) if at + len(piece) < size else len(piece)
    return size


def _restarts(stream: BinaryIO, start: int, end: int) -> Iterator[HashBox]:
    for at in range(start, end, PIECE):
        # One byte more: a marker may lie across two pieces.
        for found in _RESTART.finditer(read_exactly(stream, at, min(PIECE + 1, end - at))):
            yield HashBox(_NAMES[found[1][0]], at + found.start(), at + found.end())


# --- the others ------------------------------------------------------------------------------------


def of_png(_: BinaryIO, __: int, parts: Sequence[Part]) -> Iterator[HashBox]:
    """Yield the signature and the chunks."""
    names = {"signature": _SIGNATURE, "caBX": MANIFEST}
    return (
        HashBox(names.get(part.name, part.name), part.start, part.end) for part in parts if part.name != "after IEND"
    )


def of_gif(stream: BinaryIO, _: int, parts: Sequence[Part]) -> Iterator[HashBox]:
    """Yield the blocks; a colour table belongs to what comes before it."""
    for part in parts:
        yield from (HashBox(*block) for block in gif.blocks(stream, part))


def of_jxl(stream: BinaryIO, size: int, parts: Sequence[Part]) -> Iterator[HashBox]:
    """Yield the boxes at the top; the engine takes every ``jumb`` for the manifest, and hashes none."""
    manifests = {part.start for part in parts if part.role == "manifest"}
    for box in boxes(stream, 0, size, to_end=True):
        if box.start in manifests or box.kind != b"jumb":
            yield HashBox(MANIFEST if box.start in manifests else box.kind.decode("latin-1"), box.start, box.end)


#: By the container; JPEG XL is the only format with boxes that is hashed by the names of its boxes.
WALKERS: dict[str, BoxWalker] = {"gif": of_gif, "isobmff": of_jxl, "jpeg": of_jpeg, "png": of_png}

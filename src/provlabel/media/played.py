"""What players find in a file, and where: the same before a manifest is put into it and after, or it is not written."""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.media.containers import CONTAINERS, ContainerError, Part, pieces, places, read_exactly

#: Names of the parts that are decoded, in all containers; an SVG is text, of which none is.
PAYLOADS = frozenset(
    [
        *("image data", "IDAT", "fdAT", "image", "VP8 ", "VP8L", "ALPH", "ANMF", "jxlc", "jxlp"),
        *("data", "after RIFF", "audio", "mdat", "imda"),
    ]
)
_MAX_TABLES = 4 << 20  # bytes that say where samples lie; of more than 3 hours they are not followed
_IN_BOXES = "isobmff"


class Played(NamedTuple):
    """What is decoded in one file."""

    parts: tuple[tuple[str, int], ...]  #: names and lengths, in the order of the file
    places: tuple[tuple[int, int, int], ...]  #: of samples and items: which part, where in it, how long
    sha256: str  #: of these parts; empty where it was not asked for


def played_in(container: str, stream: BinaryIO, size: int, *, digest: bool) -> Played:
    """Look at a file that was found sound before.

    Args:
        container: which walker reads it.
        stream: the file.
        size: of it, in bytes.
        digest: read the media, too, where somebody else writes them than us.
    """
    walked = tuple(CONTAINERS[container].walk(stream, size))
    found = [_behind_tags(stream, part) for part in walked if part.name in PAYLOADS]
    total = hashlib.sha256()
    for part in found if digest else ():
        for piece in pieces(stream, part.start, part.end):
            total.update(piece)
    return Played(
        tuple((part.name, part.length) for part in found),
        tuple(_places(stream, walked, found)) if container == _IN_BOXES else (),
        total.hexdigest() if digest else "",
    )


def _behind_tags(stream: BinaryIO, part: Part) -> Part:
    """Return the frames of a FLAC, which hold no tags (RFC 9639 §8); any other part is as it is."""
    if part.name != "audio" or part.length < 4 or read_exactly(stream, part.start, 4) != b"fLaC":
        return part
    at, last = part.start + 4, False
    while not last and at + 4 <= part.end:
        head = read_exactly(stream, at, 4)
        last, at = bool(head[0] & 0x80), at + 4 + int.from_bytes(head[1:], "big")
    at = min(at, part.end)
    return part._replace(start=at, length=part.end - at)


def _places(stream: BinaryIO, walked: Sequence[Part], found: Sequence[Part]) -> Iterator[tuple[int, int, int]]:
    """Yield the places that tables of samples and items state, seen from the part in which they lie."""
    starts = [part.start for part in found]
    try:
        stated = places.of(stream, walked, _MAX_TABLES)
    except ContainerError:  # of a kind that is not followed
        return
    for start, end in stated:
        index = bisect.bisect_right(starts, start) - 1
        inside = index >= 0 and start < found[index].end
        yield (index, start - starts[index], end - start) if inside else (-1, 0, end - start)

"""ISO base media (ISO 14496-12): MP4, MOV, M4A, AVIF, HEIF, and the boxes of JPEG XL (ISO 18181-2).

C2PA lies in a ``uuid`` box (C2PA 2.4 §A.5.1), in JPEG XL in a ``jumb`` box (§A.3.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.media.containers import chunks, items
from provlabel.media.containers._base import MAX_PARTS, ContainerError, Part, PartRole, is_zero, read_exactly
from provlabel.media.containers.boxes import Box, boxes, entered, made
from provlabel.media.containers.edits import Edit, Hole, NoHole, hole_at

C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_OURS = f"uuid:{C2PA.hex()}"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_STORE_KIND = b"c2pa"  # the type in the description of a manifest store begins with it
# Purposes of a C2PA box that come with an offset and a store.  No hash covers any C2PA box, and readers pass over those
# with another purpose, "merkle" too where the manifest has no such hash; one that has it leaves out all media.
_WITH_STORE = (b"manifest", b"original", b"update")
_INNER = frozenset({"moov", "moov/trak", "moov/udta", "moov/meta", "moov/udta/meta", "moov/udta/meta/ilst", "mfra"})
_METADATA = ("moov/udta/", "moov/meta/", "moov/trak/udta")
_SINGLE: dict[str, PartRole] = {
    "Exif": "metadata",
    "xml ": "metadata",
    "brob": "metadata",
    "moov/udta": "metadata",
    "moov/meta": "metadata",
    "mfra": "structure",
    "mfra/tfra": "structure",
    "mfra/mfro": "structure",
}
_PADDING = frozenset({"free", "skip"})
# And one more for each KiB, and for each 8 KiB: a film of an hour has 30,000 in fragments of two seconds.
MAX_BOXES, MAX_FRAGMENTS = 15_000, 2_000
# Boxes of boxes (ISO 14496-12 §6.2.3), whoever enters them.
_ENTERED = frozenset(
    b"moov trak mdia minf dinf stbl edts udta meta mvex moof traf mfra tref sinf schi iprp ipco ipro iref ilst".split()
)
_ID3V1, _ID3V1_SIZE = "ID3v1", 128
_FULL_BOX = 4  # version and flags in front of what a box holds
# Without one of these there is nothing to decode.
_ROOTS = frozenset({"moov", "meta", "jxlc", "jxlp", "moof"})
# What tells of sound or pictures, where the manifest is put behind ``ftyp``; JPEG XL has none of them.
_TOLD = frozenset({"moov", "meta"})
_SAMPLES = frozenset({"mdat", "moof"})
_IN_SEGMENTS = "moov/mvex"  # announces fragments, which the first file of a stream has in others (ISO 14496-12 §8.8.1)


class _Box(NamedTuple):
    path: str
    start: int
    body: int
    end: int


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield every box; movie, user data and metadata are entered, and padding is looked into."""
    _require_few(stream, size)
    seen: set[str] = set()
    for count, part in enumerate(_walk(stream, 0, size, "")):
        if count >= MAX_PARTS:
            raise ContainerError("too many boxes")
        if part.name == "ftyp" and "ftyp" in seen:
            part = part._replace(role="media")  # validators leave out every one; only the first is needed
        seen.add(part.name)
        yield part
    if not _ROOTS & seen:
        raise ContainerError("nothing in it can be decoded")
    if "moov" in seen and not (_SAMPLES | {_IN_SEGMENTS}) & seen:
        raise ContainerError("ends before the sound or picture that it announces")


def _require_few(stream: BinaryIO, size: int) -> None:
    """Refuse a file of very many boxes, at any depth: the engine needs quadratic time in their number.

    Raises:
        ContainerError: there are more than an honest file of this size has.
    """
    most = MAX_BOXES + size // 1024
    waiting, left, fragments = [(0, size)], most, MAX_FRAGMENTS + size // 8192
    while waiting:
        for box in boxes(stream, *waiting.pop(), most + 1, to_end=True):
            left -= 1
            fragments -= box.kind == b"moof"
            if left < 0 or fragments < 0:
                raise ContainerError("too many boxes")
            if box.kind in _ENTERED:
                waiting.append((entered(stream, box).body if box.kind == b"meta" else box.body, box.end))


def seconds(stream: BinaryIO, parts: Sequence[Part]) -> float | None:
    """Return how long it plays, by the movie header (ISO 14496-12 §8.2.2)."""
    movie = next((part for part in parts if part.name == "moov/mvhd"), None)
    if movie is None:
        return None
    body = read_exactly(stream, movie.start + 8, min(movie.length - 8, 40))
    long = body[:1] == b"\x01"
    scale = int.from_bytes(body[20:24] if long else body[12:16], "big")
    length = int.from_bytes(body[24:32] if long else body[16:20], "big")
    return length / scale if scale else None


def _walk(stream: BinaryIO, start: int, end: int, parent: str) -> Iterator[Part]:
    while start < end:
        if not parent and _is_id3v1(stream, start, end):
            yield Part(_ID3V1, start, end - start, "media")
            return
        box = _box(stream, start, end, parent)
        if box is None:
            yield Part(f"{parent}rest", start, end - start, "metadata" if parent.startswith(_METADATA) else "media")
            return
        if box.path in _INNER:
            body = box.body + (_FULL_BOX if box.path.endswith("meta") and not _is_plain(stream, box) else 0)
            yield Part(box.path, box.start, min(body, box.end) - box.start, _role(stream, box))
            yield from _walk(stream, body, box.end, f"{box.path}/")
        elif box.path.startswith("uuid:"):
            yield from _user_box(stream, box)
        else:
            yield _leaf(stream, box)
        start = box.end


def _is_id3v1(stream: BinaryIO, start: int, end: int) -> bool:
    """Is all that is left a tag of MP3, which some programs append to anything?"""
    return end - start == _ID3V1_SIZE and read_exactly(stream, start, 3) == b"TAG"


def _box(stream: BinaryIO, start: int, end: int, parent: str) -> _Box | None:
    """Return the box at ``start``; in user data ``None`` for what is no box, which cameras write there."""
    try:
        head = read_exactly(stream, start, 8)
        length, body = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, body = int.from_bytes(read_exactly(stream, start + 8, 8), "big"), 16
        elif length == 0 and not parent:
            length = end - start
        if length < body or start + length > end:
            raise ContainerError(f"box at byte {start} ends outside of what holds it")
    except ContainerError:
        if parent.startswith(_METADATA):
            return None
        raise
    name = head[4:].decode("latin-1")
    if name == "uuid" and not parent:
        name = f"uuid:{read_exactly(stream, start + body, 16).hex()}"
    return _Box(parent + name, start, start + body, start + length)


def _is_plain(stream: BinaryIO, box: _Box) -> bool:
    """QuickTime's ``meta`` has no version and flags: its first box follows at once."""
    return box.end - box.body >= 8 and read_exactly(stream, box.body + 4, 4) == b"hdlr"


def _leaf(stream: BinaryIO, box: _Box) -> Part:
    length = box.end - box.start
    if box.path == "jumb" and length > 24 and read_exactly(stream, box.body + 8, 4) == _STORE_KIND:
        return Part(box.path, box.start, length, "manifest", box.start, length)
    return Part(box.path, box.start, length, _role(stream, box))


def _role(stream: BinaryIO, box: _Box) -> PartRole:
    if box.path == "ftyp":
        return "structure"
    if box.path in _PADDING:
        return "structure" if is_zero(stream, box.body, box.end) else "media"
    if box.path in _SINGLE:
        return _SINGLE[box.path]
    return "metadata" if box.path.startswith(_METADATA) else "media"


def _user_box(stream: BinaryIO, box: _Box) -> Iterator[Part]:
    """Yield a ``uuid`` box; what stands behind the store of a C2PA box must be padding."""
    body, length = box.body + 16, box.end - box.start
    usertype = bytes.fromhex(box.path.removeprefix("uuid:"))
    if usertype != C2PA:
        yield Part(box.path, box.start, length, "metadata" if usertype == _XMP else "media")
        return
    head = read_exactly(stream, body, min(64, box.end - body))
    purpose, ended, _ = head[_FULL_BOX:].partition(b"\x00")
    if not ended:
        raise ContainerError(f"the C2PA box at byte {box.start} does not say what it is for")
    if purpose not in _WITH_STORE:
        yield Part(box.path, box.start, length, "media")
        return
    at = body + _FULL_BOX + len(purpose) + 1 + 8
    declared = int.from_bytes(read_exactly(stream, at, 4), "big") if at + 4 <= box.end else 0
    end = at + declared if 8 <= declared <= box.end - at else box.end
    yield Part(box.path, box.start, end - box.start, "manifest", at, end - at)
    if end < box.end:
        yield Part(box.path, end, box.end - end, "structure" if is_zero(stream, end, box.end) else "media")


def obstacle(stream: BinaryIO, size: int) -> str:
    """Say why nothing may be put into a file: places in it are counted from elsewhere than its beginning."""
    try:
        parts = list(walk(stream, size))
        items.metas(parts)
    except ContainerError as exc:
        return str(exc)
    if sum(part.name == "ftyp" for part in parts) > 1:
        return (
            "a second file is appended to it, such as the film of a motion photo, and the places in that one are "
            "counted from its own beginning"
        )
    if any(part.name == _ID3V1 for part in parts):
        return "a tag of MP3 (ID3v1) lies behind its last box, which is no place for one; ffmpeg -c copy leaves it out"
    return ""


def hole(stream: BinaryIO, parts: Sequence[Part], length: int) -> Hole:
    """Make room for a store in a box behind ``ftyp``, where the engine puts it; an old one there goes.

    Raises:
        NoHole: where parts lie is stated in a way that we do not follow.
    """
    places = [part.end for part in parts if part.name == "ftyp"]
    if len(places) != 1:
        raise NoHole("there is not one ftyp box")
    if not _TOLD & {part.name for part in parts}:
        raise NoHole("the engine puts the manifest elsewhere into a file without a movie and without items")
    at, filled = places[0], len(_box_of(b"")) + length
    old = _old_end(stream, at, max(part.end for part in parts))
    ours = (part for part in parts if part.role == "manifest" or part.name == _OURS)
    if any(not at <= part.start < old for part in ours):
        raise NoHole("a C2PA box does not lie behind ftyp")
    try:
        moved = list(chunks.moved(stream, parts, at, filled - (old - at)))
    except ContainerError as exc:
        raise NoHole(str(exc)) from exc
    return hole_at(at, filled, _box_of, others=(Edit(at, old, b""), *moved))


def take_out(stream: BinaryIO, parts: Sequence[Part]) -> list[Edit]:
    """Return the edits that take the box of a manifest out.

    Where places in the file are stated in a way that we do not follow, it becomes padding instead, so that all of them
    stay right.
    """
    end = max(part.end for part in parts)
    ours = [next(boxes(stream, part.start, end, 1)) for part in parts if part.role == "manifest"]
    gone = [Edit(box.start, box.end, b"") for box in ours]
    if all(box.kind == b"jumb" for box in ours):  # nothing in JPEG XL counts from the beginning of the file
        return gone
    try:
        [box] = ours
        return [*gone, *chunks.moved(stream, parts, box.end, box.start - box.end)]
    except ValueError:  # more than one box, or places that are not followed
        return [Edit(box.start + 4, box.end, _padding(box)) for box in ours]


def _padding(box: Box) -> bytes:
    """Return what makes padding of a box, behind its size."""
    head = b"free" if box.body - box.start < _LONG else b"free" + (box.end - box.start).to_bytes(8, "big")
    return head + bytes(box.end - box.start - 4 - len(head))


_LONG = 16  # bytes of a head with a size of 64 bits


def _old_end(stream: BinaryIO, at: int, end: int) -> int:
    """Return where a C2PA box at ``at`` ends; ``at`` itself when there is none."""
    box = next(boxes(stream, at, end, 1), None)
    if box is None or box.kind != b"uuid" or read_exactly(stream, box.body, min(16, box.end - box.body)) != C2PA:
        return at
    return box.end


def _box_of(store: bytes) -> bytes:
    """Return the box of a store; no other C2PA box follows it (C2PA 2.4 §A.5.1)."""
    return made(b"uuid", C2PA, bytes(_FULL_BOX), b"manifest\x00", bytes(8), store)

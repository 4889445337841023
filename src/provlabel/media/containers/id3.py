"""ID3v2 in front of MP3 and FLAC: frames; C2PA lies in a ``GEOB`` frame (C2PA 2.4 §A.3.4)."""

from __future__ import annotations

import contextlib
import io
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.media.containers._base import ContainerError, Part, PartRole, read_exactly, write_at
from provlabel.media.containers.edits import Edit, Hole, NoHole, TooLarge, hole_at, without_manifest
from provlabel.media.containers.pointers import Pointers, moved
from provlabel.media.formats import id3v2_size
from provlabel.media.sniffing import mp3_rates

_HEAD = 10  # bytes of the header of a tag, and of a frame but for ID3v2.2
_MIME = b"application/c2pa\x00"
_OLD_MIME = b"application/x-c2pa-manifest-store\x00"
_FOLDED = "its manifest is written in a way that only some readers find"
_UNSYNC, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10  # flags of a tag
# Flags of a frame, by version: bytes that come in front of its content, and that it is compressed.
_FIELDS = {3: ((0x80, 4), (0x40, 1), (0x20, 1)), 4: ((0x40, 1), (0x04, 1), (0x01, 4))}
_COMPRESSED = {3: 0x80, 4: 0x08}
# The engine needs half a minute to write a tag of 10,000 frames again; honest ones have a few dozen.
MAX_FRAMES = 2_000
# A tag larger than this is not searched for a manifest; covers are a few megabytes at most.
MAX_TAG = 64 << 20
#: Name of every frame of ID3v2.2, whose ids have three letters: the engine turns them into others of four.
OLD_FRAME = "ID3v2.2"


class Id3Frame(NamedTuple):
    """Where one frame lies in the bytes of its tag."""

    kind: str  #: its id: four letters, three in ID3v2.2
    start: int
    body: int
    end: int
    flags: int


class Id3Frames(NamedTuple):
    """The frames of a tag, and what is behind them."""

    found: tuple[Id3Frame, ...]
    end: int  #: of the last frame
    broken: str = ""  #: why the frames end before the tag does, if that is not padding
    cut: bool = False  #: a frame ends after its tag
    plain: bool = False  #: v2.4 with sizes that are not syncsafe, as old versions of iTunes wrote them


def frames_of(tag: bytes, start: int, version: int, most: int) -> Id3Frames:
    """Return the frames of ``tag`` from byte ``start``, at most so many.

    Sizes of v2.4 are read as they should be.  Where that leads to no end and plain sizes do, they are plain: the
    wrong size of a frame leads into the middle of another.
    """
    found = _walked(tag, start, version, most, syncsafe=version == 4)
    if version == 4 and found.broken:
        plain = _walked(tag, start, version, most, syncsafe=False)
        return found if plain.broken else plain
    return found


def _walked(tag: bytes, at: int, version: int, most: int, *, syncsafe: bool) -> Id3Frames:
    frames: list[Id3Frame] = []
    letters, head, plain = (3, 6, False) if version == 2 else (4, _HEAD, version == 4 and not syncsafe)
    while len(tag) - at >= head and tag[at]:
        kind, field = tag[at : at + letters], tag[at + letters : at + 2 * letters]
        if not kind.isalnum():
            return Id3Frames(tuple(frames), at, f"byte {at} of the tag begins no frame", plain=plain)
        if len(frames) == most:
            return Id3Frames(tuple(frames), at, f"more than {most:,} ID3v2 frames", plain=plain)
        wide = syncsafe and max(field) >= 0x80
        body = at + head
        end = body + (number(field) if syncsafe and not wide else int.from_bytes(field, "big"))
        if end > len(tag):
            why = f"ID3v2 frame {kind.decode()} at byte {at} ends after its tag"
            return Id3Frames(tuple(frames), at, why, cut=True, plain=plain)
        flags = 0 if version == 2 else int.from_bytes(tag[at + 8 : body], "big")
        frames.append(Id3Frame(kind.decode(), at, body, end, flags))
        at, plain = end, plain or wide
    padded = tag.count(0, at) == len(tag) - at
    why = "" if padded else f"the padding from byte {at} of the tag holds something"
    return Id3Frames(tuple(frames), at, why, plain=plain)


def frames_at(tag: bytes) -> int:
    """Return where the frames of a tag begin: behind its header, and behind the extended one.

    Raises:
        ContainerError: that is after the end of the tag.
    """
    version, flags = tag[3], tag[5]
    if version == 2 or not flags & _EXTENDED:
        return _HEAD
    field = tag[_HEAD : _HEAD + 4]
    start = _HEAD + (number(field) if version == 4 else 4 + int.from_bytes(field, "big"))
    if start > len(tag):
        raise ContainerError("the extended header of the ID3v2 tag ends after the tag")
    return start


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield the frames of the first tag, then everything after it as one part of media.

    Raises:
        ContainerError: the tag ends after the file, is too large, or has frames that cannot be told apart, with a
            manifest among them.
    """
    tag = read_exactly(stream, 0, min(_HEAD, size))
    end = id3v2_size(tag)
    if not end:
        yield Part("audio", 0, size, "media")
        return
    if end > size:
        raise ContainerError(f"the ID3v2 tag declares {end} bytes and the file has {size}")
    if end > MAX_TAG:
        raise ContainerError(f"the ID3v2 tag is larger than {MAX_TAG:,} bytes")
    whole = read_exactly(stream, 0, end)
    if tag[3] < 4 and tag[5] & _UNSYNC:
        _require_none_unfolded(whole)
    yield from _parts(whole)
    if end < size:
        yield Part("audio", end, size - end, "media")


def _require_none_unfolded(tag: bytes) -> None:
    """Refuse a manifest in a tag that is written with zeros behind bytes of ones: the engine reads it without them.

    Raises:
        ContainerError: there is one.
    """
    unfolded = _parts(tag.replace(b"\xff\x00", b"\xff"))
    found = False
    with contextlib.suppress(ContainerError):
        found = any(part.role == "manifest" for part in unfolded)
    if found:
        raise ContainerError(_FOLDED)


def _parts(tag: bytes) -> Iterator[Part]:
    frames = frames_of(tag, frames_at(tag), tag[3], MAX_FRAMES)
    for frame in frames.found:
        yield _part(tag, frame)
    if frames.broken and len(frames.found) == MAX_FRAMES:
        raise ContainerError("too many ID3v2 frames")
    rest = tag[frames.end :]
    if frames.cut and (_MIME in rest or _OLD_MIME in rest):
        raise ContainerError(frames.broken)
    yield Part("padding", frames.end, len(rest), "structure")


def obstacle(stream: BinaryIO, size: int) -> str:
    """Say why nobody could read a manifest in the tag of this file; empty when they could."""
    end = id3v2_size(read_exactly(stream, 0, min(_HEAD, size)))
    if not end:
        return ""
    tag = read_exactly(stream, 0, end)
    if tag[3] < 4 and tag[5] & _UNSYNC:
        return ""  # its bytes are not those that the sizes count
    frames = frames_of(tag, frames_at(tag), tag[3], MAX_FRAMES)
    return frames.broken if frames.cut else ""


def _part(tag: bytes, frame: Id3Frame) -> Part:
    kind, offset, length = frame.kind, frame.start, frame.end - frame.start
    name = kind if len(kind) == 4 else OLD_FRAME
    body = tag[frame.body : frame.end]
    if kind in ("GEOB", "GEO"):
        flags = frame.flags & 0xFF
        mime = _mime(_unfolded(body, flags, tag[3]) if flags else body)
        if mime and flags:
            raise ContainerError(_FOLDED)
        if mime:
            at = _object(body, mime, offset)
            return Part(name, offset, length, "manifest", frame.body + at, len(body) - at)
    role: PartRole = "metadata"
    return Part(name, offset, length, role)


def _mime(body: bytes) -> bytes:
    return next((mime for mime in (_MIME, _OLD_MIME) if body[1:].startswith(mime)), b"")


def _unfolded(body: bytes, flags: int, version: int) -> bytes:
    """Return the first bytes of a frame that is compressed, or has fields in front (ID3v2.4 §4.1.2, v2.3 §3.3.1)."""
    body = body[sum(length for flag, length in _FIELDS.get(version, ()) if flags & flag) :]
    if not flags & _COMPRESSED.get(version, 0):
        return body
    try:
        return zlib.decompressobj().decompress(body, len(_OLD_MIME) + 1)
    except zlib.error:
        return b""


def _object(body: bytes, mime: bytes, offset: int) -> int:
    """Return where the object begins, behind encoding byte, MIME, file name and description, each ended by a zero."""
    at = len(mime) + 1
    for _ in range(2):
        at = _text_end(body, at, wide=body[0] in (1, 2))
        if at == 0:
            raise ContainerError(f"GEOB frame at byte {offset} has no object")
    return at


def _text_end(body: bytes, at: int, *, wide: bool) -> int:
    """Return where what follows a text begins, and 0 if it has no end; the zero of a wide text has two bytes."""
    if not wide:
        return body.find(b"\x00", at) + 1
    return next((end + 2 for end in range(at, len(body) - 1, 2) if body[end : end + 2] == b"\x00\x00"), 0)


# --- room for a manifest ---------------------------------------------------------------------------

# Latin-1, a MIME type, a file name and a description: what comes before the object, as the engine writes it.
_BEFORE = b"\x00" + _MIME + b"c2pa\x00c2pa manifest store\x00"
_MAX_FRAME = 1 << 20  # bytes of a chapter, with its picture
PADDING = 1024  # bytes behind the frames of a tag that has none
_MAX_SYNCSAFE = 1 << 28  # four bytes of seven bits each


def hole(stream: BinaryIO, parts: Sequence[Part], length: int) -> Hole:
    """Make room for a store in a frame behind all others; an old one goes, and no other frame is touched.

    A file without a tag gets one of ID3v2.4.  A tag ends with padding: exiftool takes a last frame that ends
    with its tag for one of a wrong size.

    Raises:
        NoHole: the tag is of a kind that we do not change.
        ContainerError: the place of a chapter cannot be moved.
        TooLarge: the tag would be.
    """
    end = id3v2_size(read_exactly(stream, 0, _HEAD))
    if not end:
        frame = _frame_head(length, 4)
        header = b"ID3\x04\x00\x00" + syncsafe(len(frame) + length + PADDING)
        return hole_at(0, length, _as_it_is, head=header + frame, tail=bytes(PADDING))
    tag = read_exactly(stream, 0, end)
    at = _end_of_frames(tag)
    old = without_manifest(parts)
    frame, padding = _frame_head(length, tag[3]), bytes(PADDING if at == end else 0)
    gone = sum(edit.end - edit.start for edit in old)
    size = end - _HEAD - gone + len(frame) + length + len(padding)
    if size >= _MAX_SYNCSAFE:
        raise TooLarge("its ID3v2 tag would be larger than a header can say, 256 MiB")
    put_right = moved(pointers(stream, parts), [Edit(at, at, bytes(len(frame) + length + len(padding))), *old])
    others = (Edit(6, _HEAD, syncsafe(size)), *old, *put_right)
    return hole_at(at, length, _as_it_is, head=frame, tail=padding, others=others)


def take_out(stream: BinaryIO, parts: Sequence[Part]) -> list[Edit]:
    """Return the edits that take the frame of a manifest out, and with the last frame the tag: an empty one is none.

    Raises:
        ContainerError: the tag has features that would have to change with it, such as a sum over all frames.
    """
    tag = read_exactly(stream, 0, _HEAD)
    end, gone = id3v2_size(tag), without_manifest(parts)
    if not any(part.role == "metadata" for part in parts):
        return [Edit(0, end, b"")]
    if tag[5] & (_UNSYNC | _EXTENDED | _FOOTER):
        raise ContainerError("the ID3v2 tag has features that come before and behind its frames")
    size = end - _HEAD - sum(edit.end - edit.start for edit in gone)
    return [Edit(6, _HEAD, syncsafe(size)), *gone]


def _end_of_frames(tag: bytes) -> int:
    """Return where a frame can be added, in a tag that was understood to its end."""
    if tag[3] not in (3, 4) or tag[5] & (_UNSYNC | _EXTENDED | _FOOTER):
        raise NoHole("the ID3v2 tag is of an older version, or has features that come before and behind its frames")
    frames = frames_of(tag, _HEAD, tag[3], MAX_FRAMES)
    if frames.broken or frames.plain:
        raise NoHole("the ID3v2 tag holds something behind its frames, or sizes that are not those of its version")
    return frames.end


def _frame_head(length: int, version: int) -> bytes:
    size = len(_BEFORE) + length
    return b"GEOB" + (syncsafe(size) if version == 4 else size.to_bytes(4, "big")) + b"\x00\x00" + _BEFORE


def _as_it_is(store: bytes) -> bytes:
    return store


def syncsafe(size: int) -> bytes:
    """Return a number below 2**28 with seven bits in each of four bytes (ID3v2.4 §6.2)."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def number(field: bytes) -> int:
    """Return the number in syncsafe bytes; the eighth bit of each is passed over."""
    size = 0
    for byte in field:
        size = size << 7 | byte & 0x7F
    return size


# --- places in the sound ---------------------------------------------------------------------------

_UNSET = 0xFFFF_FFFF


def pointers(stream: BinaryIO, parts: Sequence[Part], front: int | None = None) -> Iterator[Pointers]:
    """Yield where chapters (ID3v2 chapter frame addendum §3.1) and an index (ID3v2.4 §4.30) begin in the file.

    ``front`` is where the tag ends, when that is not what the parts say; no place in front of it counts.
    """
    end = next((part.start for part in parts if part.name == "audio"), 0) if front is None else front
    for part in parts:
        if part.name not in ("CHAP", "ASPI") or part.length < _HEAD + 8 or part.length > _MAX_FRAME:
            continue
        raw = read_exactly(stream, part.start, part.length)
        if raw[_HEAD - 1]:
            continue  # compressed, encrypted or with bytes in between
        for name, at in _places(part.name, raw):
            place = int.from_bytes(raw[at : at + 4], "big")
            if end <= place < _UNSET:
                yield Pointers(name, part.start + at, 4, (place,), ends=name.startswith("the end"))


def _places(kind: str, raw: bytes) -> list[tuple[str, int]]:
    """Return what the places of a frame are called, and where they stand in it."""
    if kind == "ASPI":
        return [("the index of the sound (ASPI)", _HEAD)]
    name_end = raw.find(b"\0", _HEAD) + 1  # then two times, and two places
    if not name_end or name_end + 16 > len(raw):
        return []
    chapter = f"chapter {raw[_HEAD : name_end - 1].decode('latin-1')} (CHAP)"
    return [(chapter, name_end + 8), (f"the end of {chapter}", name_end + 12)]


def with_places_moved(tag: bytes, front: int, growth: int) -> bytes:
    """Return a tag, made of one that ended at ``front``, whose places in the sound are ``growth`` bytes farther.

    Raises:
        ContainerError: one would not fit.
    """
    stream = io.BytesIO(tag)
    for found in pointers(stream, tuple(walk(stream, len(tag))) if tag else (), front):
        for edit in found.moved(lambda place: place + growth):
            write_at(stream, edit.start, edit.content)
    return stream.getvalue()


# --- how long it plays -----------------------------------------------------------------------------


def seconds(stream: BinaryIO, parts: Sequence[Part]) -> float | None:
    """Return how long a FLAC or MP3 plays, as far as its first bytes show it."""
    audio = next((part for part in parts if part.name == "audio"), None)
    if audio is None:
        return None
    head = read_exactly(stream, audio.start, min(audio.length, 4096))
    return _flac_seconds(head) if head.startswith(b"fLaC") else _mp3_seconds(head, audio.length)


def _flac_seconds(head: bytes) -> float | None:
    """STREAMINFO (RFC 9639 §8.2): 20 bits of sample rate, 3 of channels, 5 of depth, 36 of samples."""
    packed = int.from_bytes(head[18:26], "big")
    rate, samples = packed >> 44, packed & (1 << 36) - 1
    return samples / rate if rate and samples else None


def _mp3_seconds(head: bytes, length: int) -> float | None:
    """From the frame count of a Xing or Info header, else from the bit rate of the first frame."""
    rates = mp3_rates(head)
    if rates is None:
        return None
    for name in (b"Xing", b"Info"):
        at = head.find(name, 4, 64)
        if at > 0 and at + 12 <= len(head) and head[at + 7] & 1:
            frames = int.from_bytes(head[at + 8 : at + 12], "big")
            return frames * (1152 if rates.mpeg1 else 576) / rates.hertz
    return length * 8 / (1000 * rates.kbps)


def hole_in(manifest_parts: Sequence[Part]) -> tuple[int, int]:
    """Return where the store lies: the head of its frame is hashed."""
    return manifest_parts[0].payload_at, manifest_parts[0].payload_length

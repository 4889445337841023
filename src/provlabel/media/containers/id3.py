"""ID3v2 in front of MP3 and FLAC: frames; C2PA lies in a ``GEOB`` frame (C2PA 2.4 §A.3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers._base import ContainerError, Part, PartRole, is_zero, read_exactly
from provlabel.media.containers.edits import Edit, Hole, NoHole, TooLarge, hole_at, without_manifest
from provlabel.media.formats import id3v2_size
from provlabel.media.sniffing import mp3_rates

_HEAD = 10  # bytes of the header of a tag, and of a frame but for ID3v2.2
_MIME = b"application/c2pa\x00"
_OLD_MIME = b"application/x-c2pa-manifest-store\x00"
# The engine needs half a minute to write a tag of 10,000 frames again; honest ones have a few dozen.
MAX_FRAMES = 2_000
# A tag larger than this is not searched for a manifest; covers are a few megabytes at most.
MAX_TAG = 64 << 20
#: Name of every frame of ID3v2.2, whose ids have three letters: the engine turns them into others of four.
OLD_FRAME = "ID3v2.2"


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield the frames of the first tag, then everything after it as one part of media."""
    tag = read_exactly(stream, 0, min(_HEAD, size))
    end = id3v2_size(tag)
    if not end:
        yield Part("audio", 0, size, "media")
        return
    if end > size:
        raise ContainerError(f"the ID3v2 tag declares {end} bytes and the file has {size}")
    if end > MAX_TAG:
        raise ContainerError(f"the ID3v2 tag is larger than {MAX_TAG:,} bytes")
    yield from _frames(read_exactly(stream, 0, end), tag[3], bool(tag[5] & 0x40))
    if end < size:
        yield Part("audio", end, size - end, "media")


def _frames(tag: bytes, version: int, extended: bool) -> Iterator[Part]:
    id_size, head = (3, 6) if version == 2 else (4, _HEAD)
    offset = _HEAD
    if extended and version > 2:
        size = _size(tag[offset : offset + 4], syncsafe=version == 4)
        offset += size if version == 4 else 4 + size
        if offset > len(tag):
            raise ContainerError("the extended header of the ID3v2 tag ends after the tag")
    for _ in range(MAX_FRAMES):
        kind = tag[offset : offset + id_size]
        if len(tag) - offset < head or not kind.isalnum():
            yield Part("padding", offset, len(tag) - offset, "structure")
            return
        field = tag[offset + id_size : offset + id_size + (3 if version == 2 else 4)]
        length = head + _size(field, syncsafe=version == 4)
        if offset + length > len(tag):
            raise ContainerError(f"ID3v2 frame at byte {offset} ends after its tag")
        yield _frame(tag, kind, offset, length, head)
        offset += length
    raise ContainerError("too many ID3v2 frames")


def _frame(tag: bytes, kind: bytes, offset: int, length: int, head: int) -> Part:
    name = kind.decode("latin-1") if len(kind) == 4 else OLD_FRAME
    body = tag[offset + head : offset + length]
    mime = next((mime for mime in (_MIME, _OLD_MIME) if body[1:].startswith(mime)), None)
    if kind == b"GEOB" and mime:
        # Encoding byte, MIME, file name and description, each ended by a zero; then the object.
        at = len(mime) + 1
        for _ in range(2):
            at = _text_end(body, at, wide=body[0] in (1, 2))
            if at == 0:
                raise ContainerError(f"GEOB frame at byte {offset} has no object")
        start = offset + head + at
        return Part(name, offset, length, "manifest", start, len(body) - at)
    role: PartRole = "metadata"
    return Part(name, offset, length, role)


def _text_end(body: bytes, at: int, *, wide: bool) -> int:
    """Return where what follows a text begins, and 0 if it has no end; the zero of a wide text has two bytes."""
    if not wide:
        return body.find(b"\x00", at) + 1
    return next((end + 2 for end in range(at, len(body) - 1, 2) if body[end : end + 2] == b"\x00\x00"), 0)


def _size(field: bytes, *, syncsafe: bool) -> int:
    if syncsafe and len(field) == 4 and all(byte < 0x80 for byte in field):  # shorter at the end of a tag
        return field[0] << 21 | field[1] << 14 | field[2] << 7 | field[3]
    return int.from_bytes(field, "big")


# --- room for a manifest ---------------------------------------------------------------------------

# Latin-1, a MIME type, a file name and a description: what comes before the object, as the engine writes it.
_BEFORE = b"\x00" + _MIME + b"c2pa\x00c2pa manifest store\x00"
_UNSYNC, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_MAX_SYNCSAFE = 1 << 28  # four bytes of seven bits each


def hole(stream: BinaryIO, parts: Sequence[Part], length: int) -> Hole:
    """Make room for a store in a frame behind all others; an old one goes, and no other frame is touched.

    A file without a tag gets one of ID3v2.4.

    Raises:
        NoHole: the tag is of a kind that we do not change.
        TooLarge: the tag would be.
    """
    tag = read_exactly(stream, 0, _HEAD)
    end = id3v2_size(tag)
    if not end:
        frame = _frame_head(length, 4)
        return hole_at(0, length, _as_it_is, head=b"ID3\x04\x00\x00" + syncsafe(len(frame) + length) + frame)
    at = _end_of_frames(stream, parts, tag, end)
    old = without_manifest(parts)
    frame = _frame_head(length, tag[3])
    size = end - _HEAD - sum(edit.end - edit.start for edit in old) + len(frame) + length
    if size >= _MAX_SYNCSAFE:
        raise TooLarge("its ID3v2 tag would be larger than a header can say, 256 MiB")
    return hole_at(at, length, _as_it_is, head=frame, others=(Edit(6, _HEAD, syncsafe(size)), *old))


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


def _end_of_frames(stream: BinaryIO, parts: Sequence[Part], tag: bytes, end: int) -> int:
    """Return where a frame can be added, in a tag that was understood to its end."""
    if tag[3] not in (3, 4) or tag[5] & (_UNSYNC | _EXTENDED | _FOOTER):
        raise NoHole("the ID3v2 tag is of an older version, or has features that come before and behind its frames")
    padding = next((part for part in parts if part.name == "padding"), None)
    if padding is None:
        return end
    if not is_zero(stream, padding.start, padding.end):
        raise NoHole("the ID3v2 tag holds something behind its frames")
    return padding.start


def _frame_head(length: int, version: int) -> bytes:
    size = len(_BEFORE) + length
    return b"GEOB" + (syncsafe(size) if version == 4 else size.to_bytes(4, "big")) + b"\x00\x00" + _BEFORE


def _as_it_is(store: bytes) -> bytes:
    return store


def syncsafe(number: int) -> bytes:
    """Return a number below 2**28 with seven bits in each of four bytes (ID3v2.4 §6.2)."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


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

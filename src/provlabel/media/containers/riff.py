"""RIFF (WAV, WebP): chunks padded to even length; C2PA lies in a ``C2PA`` chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers._base import MAX_PARTS, ContainerError, Part, PartRole, read_exactly, whole_parts
from provlabel.media.containers.edits import Edit, Hole, NoHole, TooLarge, hole_at, without_manifest

_METADATA = frozenset(
    {b"LIST", b"bext", b"iXML", b"axml", b"ID3 ", b"id3 ", b"cue ", b"_PMX", b"JUNK", b"PAD ", b"EXIF", b"XMP "}
)
_HEAD = 8  # name and length of a chunk
_C2PA = b"C2PA"
_MAX_SIZE = (1 << 32) - 1  # what the length of 32 bits can say


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield every top-level chunk; bytes after the declared end come as one part of media."""
    head = read_exactly(stream, 0, 12)
    if head[:4] != b"RIFF":
        raise ContainerError("no RIFF header")
    end = _HEAD + int.from_bytes(head[4:8], "little")
    if end > size:
        raise ContainerError(f"declares {end} bytes and has {size}")
    offset = 12
    yield Part("header", 0, offset, "media")
    for _ in range(MAX_PARTS):
        if offset + _HEAD > end:
            if offset < size:
                yield Part("after RIFF", offset, size - offset, "media")
            return
        kind, length = _chunk(stream, offset)
        if offset + _HEAD + length > end:
            raise ContainerError(f"chunk at byte {offset} ends after its file")
        padded = min(_HEAD + length + (length & 1), size - offset)
        name = kind.decode("latin-1")
        if kind == _C2PA:
            yield Part(name, offset, padded, "manifest", offset + _HEAD, length)
        else:
            role: PartRole = "metadata" if kind in _METADATA else "media"
            yield Part(name, offset, padded, role)
        offset += padded
    raise ContainerError("too many chunks")


def seconds(stream: BinaryIO, parts: Sequence[Part]) -> float | None:
    """Return how long a WAV plays: bytes of samples by bytes per second (``fmt `` chunk)."""
    form = next((part for part in parts if part.name == "fmt "), None)
    rate = int.from_bytes(read_exactly(stream, form.start + _HEAD + 8, 4), "little") if form else 0
    samples = sum(part.length - _HEAD for part in parts if part.name == "data")
    return samples / rate if rate else None


def _chunk(stream: BinaryIO, offset: int) -> tuple[bytes, int]:
    head = read_exactly(stream, offset, _HEAD)
    return head[:4], int.from_bytes(head[4:], "little")


def hole(stream: BinaryIO, parts: Sequence[Part], length: int) -> Hole:
    """Make room for a store in a chunk at the end, where the engine puts it; an old one goes.

    The byte that makes its length even is not left out of the hash.

    Raises:
        NoHole: the chunks do not fill the size that the file declares.
        TooLarge: the size would not fit into 32 bits.
    """
    end = _HEAD + int.from_bytes(read_exactly(stream, 4, 4), "little")
    if end % 2 or max(part.end for part in parts if part.name != "after RIFF") != end:
        raise NoHole("the chunks do not fill the declared size")
    if parts[-1].name == "after RIFF" and any(part.name == "data" and part.length == _HEAD for part in parts):
        raise NoHole("the sound lies behind the declared size")
    old = without_manifest(parts)
    filled, padding = _HEAD + length, bytes(length % 2)
    size = end - _HEAD - sum(edit.end - edit.start for edit in old) + filled + len(padding)
    if size > _MAX_SIZE:
        raise TooLarge("with it the file would be larger than a RIFF header can say, 4 GiB")
    return hole_at(end, filled, _chunk_of, tail=padding, others=(Edit(4, 8, size.to_bytes(4, "little")), *old))


def _chunk_of(store: bytes) -> bytes:
    return _C2PA + len(store).to_bytes(4, "little") + store


def take_out(stream: BinaryIO, parts: Sequence[Part]) -> list[Edit]:
    """Return the edits that take the manifest out; the size in the header gets smaller by it."""
    gone = without_manifest(parts)
    declared = int.from_bytes(read_exactly(stream, 4, 4), "little")
    size = declared - sum(min(edit.end, _HEAD + declared) - edit.start for edit in gone)
    return [Edit(4, 8, size.to_bytes(4, "little")), *gone]


def hole_in(manifest_parts: Sequence[Part]) -> tuple[int, int]:
    """Return where the chunk lies, with its head and without its padding byte, which is hashed."""
    padding = manifest_parts[0].length - manifest_parts[0].payload_length - _HEAD
    start, length = whole_parts(manifest_parts)
    return start, length - padding

"""RIFF (WAV, WebP): chunks padded to even length; C2PA lies in a ``C2PA`` chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.containers._base import MAX_PARTS, ContainerError, Part, Role, read_exactly

_METADATA = frozenset(
    {b"LIST", b"bext", b"iXML", b"axml", b"ID3 ", b"id3 ", b"cue ", b"_PMX", b"JUNK", b"PAD ", b"EXIF", b"XMP "}
)
_HEAD = 8


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
        if kind == b"C2PA":
            yield Part(name, offset, padded, "manifest", offset + _HEAD, length)
        else:
            role: Role = "metadata" if kind in _METADATA else "media"
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

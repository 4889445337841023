"""GIF (GIF89a specification): blocks of sub-blocks; C2PA lies in an application extension (C2PA 2.4 §A.3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers._base import MAX_PARTS, ContainerError, Part, PartRole, read_exactly, write_at

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_COMMENT, _APPLICATION = 0xFE, 0xFF
_C2PA, _XMP = b"C2PA_GIF", b"XMP Data"
_VERSION = b"\x01\x00\x00"  # of the manifest's block
_SIGNATURE = 6  # bytes
_SCREEN = 13  # signature and logical screen descriptor
_PIECE = 4 << 10  # bytes; the blocks of most files are short
MAX_SHORT = 100_000  # sub-blocks beyond one for each 128 bytes of the file; honest ones have 255 bytes but for the last
_HALF = 128
_IDENTIFIER = 11  # bytes of identifier and authentication code, before the data
_APPLICATION_HEAD = 14  # introducer, label, length 11, identifier of 8 and authentication code of 3 bytes


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield every block; bytes after the trailer come as one part of media."""
    head = read_exactly(stream, 0, _SCREEN)
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        raise ContainerError("no GIF signature")
    offset = _SCREEN + _table(head[10])
    yield Part("screen", 0, offset, "media")
    left = MAX_SHORT + size // _HALF
    for _ in range(MAX_PARTS):
        kind = read_exactly(stream, offset, 1)[0]
        if kind == _TRAILER:
            yield Part("trailer", offset, 1, "media")
            if offset + 1 < size:
                yield Part("after the trailer", offset + 1, size - offset - 1, "media")
            return
        if kind not in (_EXTENSION, _IMAGE):
            raise ContainerError(f"no block at byte {offset}")
        left, part = (_image if kind == _IMAGE else _extension)(stream, offset, left)
        yield part
        offset = part.end
    raise ContainerError("too many blocks")


def _table(flags: int) -> int:
    """Bytes of a colour table."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _image(stream: BinaryIO, offset: int, left: int) -> tuple[int, Part]:
    flags = read_exactly(stream, offset, 10)[9]
    data = offset + 10 + _table(flags) + 1  # and the smallest code size of LZW
    left, end = _sub_blocks(stream, data, left)
    return left, Part("image", offset, end - offset, "media")


def _extension(stream: BinaryIO, offset: int, left: int) -> tuple[int, Part]:
    label = read_exactly(stream, offset, 2)[1]
    left, end = _sub_blocks(stream, offset + 2, left)
    if label == _APPLICATION and end - offset > _APPLICATION_HEAD:
        return left, _application(stream, offset, end)
    if label == _COMMENT:
        return left, Part("comment", offset, end - offset, "metadata")
    return left, Part(f"extension {label:02x}", offset, end - offset, "media")


def _application(stream: BinaryIO, offset: int, end: int) -> Part:
    name = read_exactly(stream, offset + 3, 8)
    if name == _C2PA:
        if read_exactly(stream, offset + 2, 1)[0] != _IDENTIFIER:
            raise ContainerError(f"the identifier of the C2PA block at byte {offset} is not of {_IDENTIFIER} bytes")
        at = offset + _APPLICATION_HEAD
        return Part("C2PA_GIF", offset, end - offset, "manifest", at, end - at)
    role: PartRole = "metadata" if name == _XMP else "media"
    return Part(name.decode("latin-1"), offset, end - offset, role)


def _sub_blocks(stream: BinaryIO, offset: int, left: int) -> tuple[int, int]:
    """Return how many sub-blocks the file may still have, and where those from ``offset`` end, with their terminator.

    Raises:
        ContainerError: there are more than ``left``, for each of which the engine takes its time.
    """
    while True:
        data = _upto(stream, offset)
        at, end = 0, len(data)
        while at < end and data[at]:
            at += 1 + data[at]
            left -= 1
        if left < 0:
            raise ContainerError("too many sub-blocks")
        if at < end:
            return left, offset + at + 1
        offset += at


def _upto(stream: BinaryIO, offset: int) -> bytes:
    """Read a piece: sub-blocks may be of one byte each, and millions."""
    stream.seek(offset)
    return stream.read(_PIECE) or read_exactly(stream, offset, 1)


def stores(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[bytes]:
    """Take the lengths of the sub-blocks out again."""
    for part in parts:
        raw = read_exactly(stream, part.payload_at, part.payload_length)
        store, at = bytearray(), 0
        while raw[at]:
            store += raw[at + 1 : at + 1 + raw[at]]
            at += 1 + raw[at]
        yield bytes(store)


def blocks(stream: BinaryIO, part: Part) -> Iterator[tuple[str, int, int]]:
    """Yield the blocks of a part with their names in ``c2pa.hash.boxes`` (C2PA 2.4 §18.7), and where they lie."""
    if part.name == "screen":
        yield "GIF89a", 0, _SIGNATURE
        yield "LSD", _SIGNATURE, part.end
    elif part.name == "image":
        data = part.start + 10 + _table(read_exactly(stream, part.start, 10)[9])
        yield "2C", part.start, data
        yield "TBID", data, part.end
    elif part.name == "trailer":
        yield "3B", part.start, part.end
    elif part.name != "after the trailer":
        head = read_exactly(stream, part.start, min(part.length, _APPLICATION_HEAD))
        ours = head[3:] == _C2PA + _VERSION
        yield "C2PA" if ours else f"21{head[1]:02X}", part.start, part.end


def splice(stream: BinaryIO, parts: Sequence[Part], store: bytes) -> None:
    """Write ``store`` over the old one, between the lengths of the sub-blocks."""
    offset, done = parts[0].payload_at, 0
    while done < len(store):
        length = read_exactly(stream, offset, 1)[0]
        write_at(stream, offset + 1, store[done : done + length])
        offset += 1 + length
        done += length

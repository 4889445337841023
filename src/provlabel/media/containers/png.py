"""PNG (W3C PNG 3rd ed.): chunks of length, type, data and CRC; C2PA lies in ``caBX``."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.media.containers._base import MAX_PARTS, ContainerError, Part, PartRole, read_exactly, write_payload
from provlabel.media.containers.edits import Hole, NoHole, hole_at, without_manifest

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_METADATA = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
_C2PA = b"caBX"
_FRAME = 12  # length, type and CRC around the data
_CHECKED = 16 << 20  # bytes of a manifest whose CRC is checked; a larger one is refused for its size


def walk(stream: BinaryIO, size: int) -> Iterator[Part]:
    """Yield every chunk; bytes after ``IEND`` come as one part of media."""
    if read_exactly(stream, 0, 8) != _SIGNATURE:
        raise ContainerError("no PNG signature")
    yield Part("signature", 0, 8, "media")
    offset = 8
    for _ in range(MAX_PARTS):
        head = read_exactly(stream, offset, 8)
        data, kind = int.from_bytes(head[:4], "big"), head[4:]
        length = data + _FRAME
        if offset + length > size:
            raise ContainerError(f"chunk at byte {offset} ends after the file")
        name = kind.decode("latin-1")
        if kind == _C2PA:
            _check(stream, offset, data)
            yield Part(name, offset, length, "manifest", offset + 8, data)
        else:
            role: PartRole = "metadata" if kind in _METADATA else "media"
            yield Part(name, offset, length, role)
        offset += length
        if kind == b"IEND":
            if offset < size:
                yield Part("after IEND", offset, size - offset, "media")
            return
    raise ContainerError("too many chunks")


def _check(stream: BinaryIO, offset: int, data: int) -> None:
    """Hold a manifest against its CRC: no hash covers that, and decoders refuse a picture over a wrong one."""
    if data > _CHECKED:
        return
    named = read_exactly(stream, offset + 4, 4 + data)
    if read_exactly(stream, offset + 8 + data, 4) != zlib.crc32(named).to_bytes(4, "big"):
        raise ContainerError(f"the CRC of the chunk at byte {offset} is wrong")


def splice(stream: BinaryIO, parts: Sequence[Part], store: bytes) -> None:
    """Write ``store`` over the old one, and the checksum of its chunk behind it."""
    write_payload(stream, parts, _chunk(store)[8:])


def hole(_: BinaryIO, parts: Sequence[Part], length: int) -> Hole:
    """Make room for a store right after ``IHDR``, where the engine puts it; an old one goes.

    Raises:
        NoHole: the picture does not begin with ``IHDR``.
    """
    if parts[1].name != "IHDR":
        raise NoHole("IHDR is not the first chunk")
    old = without_manifest(parts)
    return hole_at(parts[1].end, length + _FRAME, _chunk, others=old)


def _chunk(store: bytes) -> bytes:
    named = _C2PA + store
    return len(store).to_bytes(4, "big") + named + zlib.crc32(named).to_bytes(4, "big")

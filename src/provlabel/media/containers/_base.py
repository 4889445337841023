"""What a walker of a container yields, and the bounded reading all walkers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, Literal, NamedTuple

#: Parts of one file that a walker names before it gives up; real files have a few hundred.
MAX_PARTS = 100_000
#: Bytes in one piece of a long read.
PIECE = 1 << 20

PartRole = Literal["manifest", "structure", "metadata", "media"]


class ContainerError(ValueError):
    """The bytes do not follow the rules of their container; the message says where."""


class Part(NamedTuple):
    """One stretch of a file.

    ``role`` is ``manifest`` (holds C2PA bytes or says where they lie), ``structure`` (padding and
    marks that say nothing by themselves), ``metadata`` (tags and text that may be left out of a
    hash) or ``media`` (everything that is seen or heard, and all that is unknown).
    """

    name: str
    start: int  #: bytes from the beginning of the file
    length: int  #: bytes, header included
    role: PartRole
    payload_at: int = 0  #: for a manifest: where its own bytes begin
    payload_length: int = 0

    @property
    def end(self) -> int:
        """The first byte after this part."""
        return self.start + self.length


#: Names the parts of a file of the given size.
Walker = Callable[[BinaryIO, int], Iterator[Part]]
#: Puts the manifest stores together from the parts that hold them.
Joiner = Callable[[BinaryIO, Sequence[Part]], Iterator[bytes]]
#: Writes a manifest store of the same length over the one that the parts hold.
Splicer = Callable[[BinaryIO, Sequence[Part], bytes], None]
#: Says why the engine cannot embed into a file, or nothing.
Obstacle = Callable[[BinaryIO, int], str]


def read_exactly(stream: BinaryIO, offset: int, length: int) -> bytes:
    """Read ``length`` bytes at ``offset``.

    Raises:
        ContainerError: the file ends before.
    """
    try:
        stream.seek(offset)
    except (OverflowError, OSError) as exc:  # 64-bit offsets of others are farther than any system can go
        raise ContainerError(f"refers to byte {offset}, beyond the end of any file") from exc
    data = stream.read(length)
    if len(data) != length:
        raise ContainerError(f"ends at byte {offset + len(data)}, in the middle of a part")
    return data


def pieces(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Read what lies from ``start`` up to ``end``, piece by piece.

    Raises:
        ContainerError: the file ends before.
    """
    return (read_exactly(stream, offset, min(PIECE, end - offset)) for offset in range(start, end, PIECE))


def is_zero(stream: BinaryIO, start: int, end: int) -> bool:
    """Are all bytes from ``start`` up to ``end`` zero?"""
    return not any(map(any, pieces(stream, start, end)))


def payloads(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[bytes]:
    """Join nothing: each part holds a whole store, as in most containers."""
    yield from (read_exactly(stream, part.payload_at, part.payload_length) for part in parts)


def write_payload(stream: BinaryIO, parts: Sequence[Part], store: bytes) -> None:
    """Write ``store`` over the one stretch of bytes that holds the old one, as in most containers."""
    write_at(stream, parts[0].payload_at, store)


def whole_parts(manifest_parts: Sequence[Part]) -> tuple[int, int]:
    """Return start and length of the parts that hold a manifest, heads included: what a content hash leaves out."""
    return manifest_parts[0].start, manifest_parts[-1].end - manifest_parts[0].start


def write_at(stream: BinaryIO, offset: int, data: bytes) -> None:
    """Write ``data`` at ``offset``."""
    stream.seek(offset)
    stream.write(data)


def with_gaps(parts: Iterable[Part], size: int) -> Iterator[Part]:
    """Yield ``parts`` in the order of the file, and what lies between them as unknown media."""
    end = 0
    for part in sorted(parts, key=lambda item: item.start):
        if part.start > end:
            yield Part(UNKNOWN, end, part.start - end, "media")
        yield part
        end = max(end, part.end)
    if end < size:
        yield Part(UNKNOWN, end, size - end, "media")


#: Name of bytes that nothing refers to.
UNKNOWN = "unknown"

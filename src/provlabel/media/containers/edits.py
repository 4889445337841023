"""Change stretches of a file while it is copied; every other byte is copied as it is."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import BinaryIO, NamedTuple

from provlabel.media.containers._base import ContainerError, Part, pieces


class Edit(NamedTuple):
    """Put ``content`` in the place of the bytes from ``start`` up to ``end``; an insertion where both are equal."""

    start: int  #: bytes from the beginning of the source
    end: int
    content: bytes


class Kept(NamedTuple):
    """Bytes of the source that stay, from ``start`` up to ``end``."""

    start: int
    end: int


#: What a changed file is made of: stretches of its source, and new bytes.
Piece = Kept | bytes


class Edited(io.RawIOBase):
    """A file as it will be, read where it lies: nothing is copied before somebody reads.

    Args:
        source: the file; whoever reads it at the same time moves its position.
        size: of the source, in bytes.
        edits: in any order.

    Raises:
        ContainerError: edits overlap or lie outside of the file.
    """

    def __init__(self, source: BinaryIO, size: int, edits: Iterable[Edit] = ()) -> None:
        self.source = source
        self.source_size = size
        self._become(_patched((Kept(0, size),), edits))

    def _become(self, laid: Iterable[Piece]) -> None:
        self.pieces = tuple(laid)
        self._starts = (0, *accumulate(map(_length, self.pieces)))
        self._at = 0

    @property
    def size(self) -> int:
        """Bytes of the file as it will be."""
        return self._starts[-1]

    def edited(self, edits: Iterable[Edit]) -> Edited:
        """Return this file with further changes, at places in it as it is now.

        Raises:
            ContainerError: edits overlap or lie outside of the file.
        """
        more = Edited(self.source, self.source_size)
        more._become(_patched(self.pieces, edits))
        return more

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as files do."""
        self._at = max(0, (0, self._at, self.size)[whence] + offset)
        return self._at

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        """Read up to the end of the piece at the position."""
        index = bisect_right(self._starts, self._at) - 1
        if index >= len(self.pieces):
            return 0
        piece, inside, view = self.pieces[index], self._at - self._starts[index], memoryview(buffer)
        wanted = min(len(view), self._starts[index + 1] - self._at)
        if isinstance(piece, bytes):
            view[:wanted] = piece[inside : inside + wanted]
        else:
            self.source.seek(piece.start + inside)
            wanted = self.source.readinto(view[:wanted])  # type: ignore[attr-defined]
        self._at += wanted
        return wanted


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.end - piece.start


def _patched(laid: Iterable[Piece], edits: Iterable[Edit]) -> Iterator[Piece]:
    """Lay ``edits`` over the pieces of a file."""
    rest = list(laid)
    rest.reverse()
    at = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        if edit.start < at or edit.end < edit.start:
            raise ContainerError(f"an edit at byte {edit.start} does not fit")
        yield from _taken(rest, edit.start - at)
        for _ in _taken(rest, edit.end - edit.start):
            pass
        if edit.content:
            yield edit.content
        at = edit.end
    yield from reversed(rest)


def _taken(rest: list[Piece], length: int) -> Iterator[Piece]:
    """Take pieces of ``length`` bytes off the end of ``rest``, which begins at its end; the last may be cut."""
    while length:
        if not rest:
            raise ContainerError("an edit lies after the end of the file")
        piece = rest.pop()
        has = _length(piece)
        if has > length:
            piece, left = _cut(piece, length)
            rest.append(left)
            has = length
        if has:
            yield piece
        length -= has


def _cut(piece: Piece, at: int) -> tuple[Piece, Piece]:
    if isinstance(piece, bytes):
        return piece[:at], piece[at:]
    return Kept(piece.start, piece.start + at), Kept(piece.start + at, piece.end)


def rewrite(source: BinaryIO, size: int, edits: Iterable[Edit], dest: BinaryIO) -> None:
    """Copy ``source`` of ``size`` bytes to ``dest``, edited; in pieces, whatever the size.

    Raises:
        ContainerError: edits overlap or lie outside of the file.
    """
    for piece in Edited(source, size, edits).pieces:
        if isinstance(piece, bytes):
            dest.write(piece)
        else:
            dest.writelines(pieces(source, piece.start, piece.end))


class NoHole(ContainerError):
    """We cannot make room in just this file; the engine may know how."""


class TooLarge(ContainerError):
    """With a manifest the file would be larger than its container can say."""


class Hole(NamedTuple):
    """A hole for a manifest store, and what changes around it.

    The hole is exactly what the content hash of the manifest leaves out (C2PA 2.4 §A.3).
    """

    edits: tuple[Edit, ...]
    start: int  #: where the hole begins, in bytes from the beginning of the result
    length: int
    fill: Callable[[bytes], bytes]  #: makes what goes into the hole from a store of the length that was asked for


def without_manifest(parts: Iterable[Part]) -> list[Edit]:
    """Return the edits that take a manifest out of the file of these parts."""
    return [Edit(part.start, part.end, b"") for part in parts if part.role == "manifest"]


def hole_at(
    at: int,
    length: int,
    fill: Callable[[bytes], bytes],
    *,
    head: bytes = b"",
    tail: bytes = b"",
    others: Iterable[Edit] = (),
) -> Hole:
    """Return a hole of ``length`` bytes at the place ``at`` of a file, between the new bytes ``head`` and ``tail``."""
    changed = tuple(others)
    grown = sum(len(edit.content) - (edit.end - edit.start) for edit in changed if edit.start < at)
    new = (Edit(at, at, head), Edit(at, at, bytes(length)), Edit(at, at, tail))
    return Hole((*changed, *new), at + grown + len(head), length, fill)

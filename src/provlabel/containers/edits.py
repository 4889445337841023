"""Change stretches of a file while it is copied; every other byte stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from provlabel.containers._base import ContainerError, pieces


class Edit(NamedTuple):
    """Put ``content`` in the place of the bytes from ``start`` up to ``end``; an insertion where both are equal."""

    start: int  #: bytes from the beginning of the source
    end: int
    content: bytes


def rewrite(source: BinaryIO, size: int, edits: Iterable[Edit], dest: BinaryIO) -> None:
    """Copy ``source`` of ``size`` bytes to ``dest``, edited; in pieces, whatever the size.

    Raises:
        ContainerError: edits overlap or lie outside of the file.
    """
    at = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        if not at <= edit.start <= edit.end <= size:
            raise ContainerError(f"an edit at byte {edit.start} does not fit")
        dest.writelines(pieces(source, at, edit.start))
        dest.write(edit.content)
        at = edit.end
    dest.writelines(pieces(source, at, size))

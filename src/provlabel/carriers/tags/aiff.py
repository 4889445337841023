"""AIFF: an ID3v2 tag in a chunk, read only (AIFF 1.3 §3; the chunk is a convention)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from provlabel.carriers.tags.mp3 import Stretch, read_tags
from provlabel.evidence import Carrier
from provlabel.media.containers import Part, read_exactly

_HEAD = 8  # id and length of a chunk
_FORM = 12  # the same and the type of the form
_MAX_CHUNKS = 10_000
_ID3 = (b"ID3 ", b"id3 ")


def read(stream: BinaryIO, _: Sequence[Part]) -> Iterator[Carrier]:
    """Yield what each ID3v2 tag says."""
    yield from read_tags(stream, list(_tags(stream)), "ID3 chunk")


def _tags(stream: BinaryIO) -> Iterator[Stretch]:
    size, at = stream.seek(0, os.SEEK_END), _FORM
    for _ in range(_MAX_CHUNKS):
        if at + _HEAD > size:
            return
        head = read_exactly(stream, at, _HEAD)
        end = at + _HEAD + int.from_bytes(head[4:], "big")
        if head[:4] in _ID3:
            yield Stretch(at + _HEAD, end)
        at = end + end % 2

"""FLAC: the block of Vorbis comments (RFC 9639 §8.6); an ID3v2 tag in front of it is read, never written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.carriers.tags import vorbis
from provlabel.carriers.tags._base import MAX_CARRIER, TagError
from provlabel.carriers.tags._fields import Gather, gathered
from provlabel.carriers.tags.mp3 import front_tags, read_tags
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError, Part, read_exactly
from provlabel.media.containers.edits import Edit

_HEAD = 4  # of a block: last-block flag and type, then 24 bits of length (§8.1)
_MAX_LENGTH = (1 << 24) - 1  # what 24 bits can say
_MAX_BLOCKS = 1_000
_PADDING, _COMMENT = 1, 4
_LAST = 0x80  # the flag of the last block


class MetadataBlock(NamedTuple):
    """One block of a FLAC, its head included."""

    kind: int
    last: bool
    start: int  #: bytes from the beginning of the file
    end: int


def read(stream: BinaryIO, _: Sequence[Part]) -> Iterator[Carrier]:
    """Yield what the comments say, and then the tags in front."""
    tags = front_tags(stream)

    def fill(got: Gather) -> None:
        comments = [block for block in blocks(stream, tags[-1].end if tags else 0) if block.kind == _COMMENT]
        if len(comments) > 1:
            got.fault("more than one block of comments")
        for block in comments:
            vorbis.read_into(got, _content(stream, block))

    yield from gathered("vorbis", "Vorbis comments", fill)
    yield from read_tags(stream, tags, "ID3v2 tag")


def edits(stream: BinaryIO, _: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Change the block of comments, or put one behind the first block; padding makes up for it, where there is room."""
    fields = wanted["vorbis"]
    tags = front_tags(stream)
    found = list(blocks(stream, tags[-1].end if tags else 0))
    comments = [block for block in found if block.kind == _COMMENT]
    if len(comments) > 1:
        raise TagError("the FLAC has more than one block of comments")
    old = _content(stream, comments[0]) if comments else None
    if old is None and not any(fields.values()):
        return []
    new = vorbis.merged_comments(old, fields)
    if new == old:
        return []
    if comments:
        place, first = comments[0], []
    else:
        info = found[0]
        place = MetadataBlock(_COMMENT, info.last, info.end, info.end)
        first = [Edit(info.start, info.start + 1, bytes([info.kind]))] if info.last else []
    growth = _HEAD + len(new) - (place.end - place.start)
    padding = next((block for block in found if block.kind == _PADDING), None)
    return [
        *first,
        Edit(place.start, place.end, _head(_COMMENT, place.last, len(new)) + new),
        *(_resized(padding, growth) if padding else ()),
    ]


def _resized(padding: MetadataBlock, growth: int) -> Iterator[Edit]:
    """Yield the edit by which the padding makes up for ``growth``, unless it cannot."""
    length = padding.end - padding.start - _HEAD - growth
    if not 0 <= length <= _MAX_LENGTH:
        return
    # Heads and the zeros that come or go; the rest of the padding is not read.
    yield Edit(padding.start, padding.start + _HEAD, _head(_PADDING, padding.last, length))
    at = padding.start + _HEAD
    yield Edit(at, at + growth, b"") if growth > 0 else Edit(at, at, bytes(-growth))


def _head(kind: int, last: bool, length: int) -> bytes:
    if length > _MAX_LENGTH:
        raise TagError("the comments would be larger than a block of FLAC can be")
    return bytes([kind | (_LAST if last else 0)]) + length.to_bytes(3, "big")


def _content(stream: BinaryIO, block: MetadataBlock) -> bytes:
    if block.end - block.start > MAX_CARRIER:
        raise TagError(f"the block of comments is larger than {MAX_CARRIER:,} bytes")
    return read_exactly(stream, block.start + _HEAD, block.end - block.start - _HEAD)


def blocks(stream: BinaryIO, at: int) -> Iterator[MetadataBlock]:
    """Yield the metadata blocks of the FLAC that begins at byte ``at``."""
    size = stream.seek(0, os.SEEK_END)
    if read_exactly(stream, at, 4) != b"fLaC":
        raise ContainerError(f"no FLAC at byte {at}")
    at += 4
    for _ in range(_MAX_BLOCKS):
        head = read_exactly(stream, at, _HEAD)
        end = at + _HEAD + int.from_bytes(head[1:], "big")
        if end > size:
            raise ContainerError(f"the block at byte {at} ends after the file")
        last = bool(head[0] & _LAST)
        yield MetadataBlock(head[0] & ~_LAST, last, at, end)
        if last:
            return
        at = end
    raise ContainerError(f"more than {_MAX_BLOCKS:,} blocks")

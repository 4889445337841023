"""MP3, and ADTS AAC where it is only read: ID3v2 tags in front; ID3v1 and APE at the end are never changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from provlabel.carriers.tags import id3, id3v1
from provlabel.carriers.tags._base import TagError
from provlabel.carriers.tags._fields import Gather, gathered
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError, Part, read_exactly
from provlabel.media.containers.edits import Edit
from provlabel.media.containers.id3 import MAX_TAG, with_places_moved
from provlabel.media.formats import id3v2_size

_MAX_TAGS = 8  # in a row, as formats.sniff passes over


class Stretch(NamedTuple):
    """Where a tag lies in its file."""

    start: int
    end: int


def front_tags(stream: BinaryIO) -> list[Stretch]:
    """Return where the ID3v2 tags at the beginning of a file lie, one behind the other."""
    tags: list[Stretch] = []
    at = 0
    while len(tags) < _MAX_TAGS:
        stream.seek(at)
        size = id3v2_size(stream.read(10))
        if not size:
            break
        tags.append(Stretch(at, at + size))
        at += size
    return tags


def read_tags(stream: BinaryIO, tags: Sequence[Stretch], place: str) -> Iterator[Carrier]:
    """Yield what each tag says."""
    for number, tag in enumerate(tags, 1):

        def fill(got: Gather, tag: Stretch = tag) -> None:
            id3.read_into(got, tag_bytes(stream, tag))

        yield from gathered("id3", place if number == 1 else f"{place} {number}", fill)


def merged_first(stream: BinaryIO, tags: Sequence[Stretch], fields: Fields, begun: bytes | None = None) -> bytes | None:
    """Return the first of ``tags`` with these fields, ``None`` when nothing changes.

    With ``begun``, it is that which gets them.

    Raises:
        TagError: it cannot be changed, or another tag has one of the fields too.
    """
    for tag in tags[1:]:
        if id3.read_tag(tag_bytes(stream, tag))[0].keys() & fields.keys():
            raise TagError("the file has several ID3v2 tags that say the same")
    old = tag_bytes(stream, tags[0]) if tags else b""
    new = id3.merged_tag(begun or old or None, dict(fields))
    return None if new == old else new


def tag_bytes(stream: BinaryIO, tag: Stretch) -> bytes:
    """Return the bytes of a tag.

    Raises:
        ContainerError: it is larger than any honest one, or than the file.
    """
    if tag.end - tag.start > MAX_TAG:
        raise ContainerError(f"the ID3v2 tag is larger than {MAX_TAG:,} bytes")
    stream.seek(0, os.SEEK_END)
    if tag.end > stream.tell():
        raise ContainerError("the ID3v2 tag ends after the file")
    return read_exactly(stream, tag.start, tag.end - tag.start)


def read(stream: BinaryIO, _: Sequence[Part]) -> Iterator[Carrier]:
    """Yield what the tags in front say; where these say nothing, what the ID3v1 tag at the end says."""
    tags = front_tags(stream)
    yield from read_tags(stream, tags, "ID3v2 tag")
    old = _said_by_v1(stream, tags)
    if old is not None:
        yield from gathered("id3", "ID3v1 tag", lambda got: id3.read_into(got, old))


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Change the first tag, or put one in front, which then says what an ID3v1 tag says too."""
    tags = front_tags(stream)
    new = merged_first(stream, tags, wanted["id3"], begun=_begun(stream, tags))
    return ready(stream, parts) if new is None else _replaced(tags[0].end if tags else 0, new)


def ready(stream: BinaryIO, _: Sequence[Part]) -> list[Edit]:
    """Return what has to change before a manifest can enter, though no field is written.

    A manifest begins an ID3v2 tag, beside which programs do not read ID3v1 any more; and the engine would write a
    tag with special features, or of v2.2, anew and not whole.
    """
    tags = front_tags(stream)
    old = tag_bytes(stream, tags[0]) if tags else b""
    new = _begun(stream, tags) or (id3.ready_tag(old) if tags else b"")
    return _replaced(len(old), new) if new != old else []


def _begun(stream: BinaryIO, tags: Sequence[Stretch]) -> bytes | None:
    """Return the first tag in front with what ID3v1 alone says; ``None`` where that says nothing more."""
    old = _said_by_v1(stream, tags)
    return old if old is None or not tags else id3.joined(tag_bytes(stream, tags[0]), old)


def _said_by_v1(stream: BinaryIO, tags: Sequence[Stretch]) -> bytes | None:
    """Return what ID3v1 says as a tag of v2.4; ``None`` where a tag in front has a word, beside which it is not read.

    One in front may hold nothing, or a cover alone.
    """
    said = any(id3.read_tag(tag_bytes(stream, tag))[0] for tag in tags)
    return None if said else id3v1.as_v24(stream)


def _replaced(end: int, tag: bytes) -> list[Edit]:
    """Put another tag in place of the first, whose places in the sound move with that."""
    return [Edit(0, end, with_places_moved(tag, end, len(tag) - end))]

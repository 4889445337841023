"""A digest of all in a file but texts in its tags: by it an edited title is told from another sound.

What is left out is a closed list, for each container, of fields that no player and no viewer acts on
(``docs/tags-edited.md``): :mod:`.texts` and :mod:`.exif` have the fields, this module where they stand.  All else
counts, each stretch with its name, its length and the digest of each MiB, in the order of the file; behind it what
counts of tags, by name, as programs order fields in their own way.  Sizes of what holds others do not count: they
change with a tag.
"""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import BinaryIO

from provlabel._support.files import LARGE
from provlabel._support.threads import in_order
from provlabel.carriers.tagless import texts
from provlabel.carriers.tagless.exif import exif_block
from provlabel.carriers.tagless.texts import Counted
from provlabel.carriers.tags.flac import blocks
from provlabel.media.containers import CONTAINERS, ContainerError, Part, id3, pieces, read_exactly
from provlabel.media.containers.chunks import pointers
from provlabel.media.containers.edits import Kept, Piece
from provlabel.media.containers.pointers import Pointers

#: What is in such a digest, of one container.
_Counting = Callable[[BinaryIO, Sequence[Part]], Iterator[Counted]]

_THREADS = 2  # each holds some MiB
_CHUNK_HEAD, _PNG_HEAD, _SEGMENT_HEAD = 8, 8, 4


class _Undefined(Exception):
    """Of just this file there is no such digest."""


def tagless_digest(container: str, stream: BinaryIO, size: int) -> dict[str, str] | None:
    """Return the digest of a file without texts in its tags, as ``org.provlabel.media-digest`` states it.

    It is the same with a manifest in the file and without.

    Args:
        container: which walker reads it.
        stream: the file.
        size: of it, in bytes.

    Returns:
        ``None`` where it is not defined: for most containers, and for a file whose parts cannot be followed.
    """
    if container not in _SCOPES:
        return None
    scope, counting = _SCOPES[container]
    total = hashlib.sha256()
    try:
        for name, piece in _ordered(counting(stream, tuple(CONTAINERS[container].walk(stream, size)))):
            length = len(piece) if isinstance(piece, bytes) else piece.end - piece.start
            total.update(f"{len(name)}:{name}:{length}:".encode())
            total.update(_of_blocks(stream, piece))
    except (_Undefined, ContainerError):
        return None
    return {"scope": scope, "sha256": total.hexdigest()}


def _of_blocks(stream: BinaryIO, piece: Piece) -> bytes:
    """Return the digests of each MiB, as several threads can work on those of a long sound."""
    source, start, end = (io.BytesIO(piece), 0, len(piece)) if isinstance(piece, bytes) else (stream, *piece)

    def digests(width: int) -> bytes:
        work = in_order(pieces(source, start, end), lambda block: partial(_sha256, block), width)
        return b"".join(digest for _, digest in work)

    try:
        return digests(_THREADS if end - start >= LARGE else 1)
    except RuntimeError:  # the system gives no thread
        return digests(1)


def _sha256(block: bytes) -> bytes:
    return hashlib.sha256(block).digest()


def _ordered(counted: Iterator[Counted]) -> Iterator[Counted]:
    """Yield what is of a tag behind all else, by name; of several with one name the order counts."""
    fields = []
    for one in counted:
        if one[0].startswith(texts.FIELD):
            fields.append(one)
        else:
            yield one
    yield from sorted(fields, key=lambda one: one[0])


def _whole(part: Part) -> Counted:
    return part.name, Kept(part.start, part.end)


def _raw(stream: BinaryIO, start: int, end: int) -> bytes | None:
    """Return the bytes of a tag; ``None`` when they are more than any honest one has."""
    return read_exactly(stream, start, end - start) if end - start <= texts.MOST else None


def _is_zero(stream: BinaryIO, start: int, end: int) -> bool:
    return not any(map(any, pieces(stream, start, end)))


# --- RIFF: WAV and WebP ----------------------------------------------------------------------------

_RIFF_TAGS: dict[str, Callable[[bytes], Iterator[Counted]]] = {
    "id3 ": texts.id3_tag,
    "ID3 ": texts.id3_tag,
    "_PMX": texts.xmp_packet,
    "XMP ": texts.xmp_packet,
    "EXIF": exif_block,
}


def _riff(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Counted]:
    """Chunks without the byte that makes their length even."""
    for part in parts:
        if part.role == "manifest" or part.name in ("JUNK", "PAD "):
            continue
        if part.name == "header":
            yield part.name, read_exactly(stream, part.start + 8, 4)  # behind the size of the whole
        elif part.name == "after RIFF":
            yield _whole(part)
        else:
            start, end = part.start + _CHUNK_HEAD, part.end
            end -= int.from_bytes(read_exactly(stream, part.start + 4, 4), "little") == end - start - 1
            if part.name == "LIST" and stream.seek(start) and stream.read(4) == b"INFO":
                continue
            tag = _raw(stream, start, end) if part.name in _RIFF_TAGS else None
            if tag is not None:
                yield from _RIFF_TAGS[part.name](tag)
            else:
                yield part.name, Kept(start, end)


# --- ID3 in front of MP3 and FLAC ------------------------------------------------------------------

_ID3V1 = 128  # bytes of the tag at the end of an MP3
_COMMENTS, _PADDING = 4, 1  # kinds of blocks of FLAC


def _behind_id3(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Counted]:
    """Frames of the tag, blocks of FLAC, and the sound."""
    if any(id3.pointers(stream, parts)):
        raise _Undefined  # places of chapters in the sound, which move with the tag
    end = next((part.start for part in parts if part.name == "audio"), 0)
    if not texts.is_plain(read_exactly(stream, 0, end)):
        raise _Undefined
    for part in parts:
        if part.name == "audio":
            yield from _sound(stream, part)
        elif part.role != "manifest" and not (part.name == "padding" and _is_zero(stream, part.start, part.end)):
            yield from texts.id3_frame(part.name, read_exactly(stream, part.start, part.length))


def _sound(stream: BinaryIO, part: Part) -> Iterator[Counted]:
    start, end = part.start, part.end
    if part.length >= 4 and read_exactly(stream, start, 4) == b"fLaC":
        for block in blocks(stream, start):
            body = Kept(block.start + 4, block.end)
            comments = _raw(stream, *body) if block.kind == _COMMENTS else None
            if comments is not None:
                yield from texts.vorbis_comments(comments)
            elif block.kind != _PADDING:
                yield f"block {block.kind}", body
            start = block.end
        yield "fLaC", b""
    elif part.length > _ID3V1 and read_exactly(stream, end - _ID3V1, 3) == b"TAG":
        end -= _ID3V1
    yield part.name, Kept(start, end)


# --- boxes: M4A, MP4, MOV --------------------------------------------------------------------------

_FRAGMENTS = frozenset({"moof", "sidx", "mfra", "moov/mvex"})
_HOLDERS = frozenset({"moov/udta", "moov/udta/meta", "moov/udta/meta/ilst"})  # come and go with what they hold
_ILST, _UDTA = "moov/udta/meta/ilst/", "moov/udta/"
_XMP_BOX = "uuid:be7acfcb97a942e89c71999491e3afac"
_XMP_HEAD, _BOX_HEAD = 24, 8
_MAX_PLACES = 1 << 20  # of chunks in one file


def _boxes(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Counted]:
    """Boxes of a movie without fragments, whose tables of places count by what they lead to."""
    names = {part.name for part in parts}
    if "moov" not in names or "meta" in names or _FRAGMENTS & names:
        raise _Undefined
    media = [_inside(stream, part) for part in parts if part.name == "mdat"]
    tables = {found.at: found for found in pointers(stream, parts)}
    if any(found.stride or found.base or found.inner for found in tables.values()):
        raise _Undefined  # of items
    if sum(len(found.numbers) for found in tables.values()) > _MAX_PLACES:
        raise _Undefined
    for part in sorted(
        parts, key=lambda part: part.name == "mdat"
    ):  # programs put them in front of the rest, or behind
        if part.role != "manifest" and part.name not in _HOLDERS and not _is_padding(stream, part):
            yield from _of_box(stream, part, media, tables)


def _of_box(
    stream: BinaryIO, part: Part, media: Sequence[tuple[int, int]], tables: Mapping[int, Pointers]
) -> Iterator[Counted]:
    if part.name in ("moov", "moov/trak"):
        yield part.name, b""  # its size changes with what it holds
    elif part.name == "mdat":
        yield part.name, Kept(*_inside(stream, part))
    elif part.name == _XMP_BOX and (packet := _raw(stream, part.start + _XMP_HEAD, part.end)) is not None:
        yield from texts.xmp_packet(packet)
    elif part.name.startswith(_UDTA):
        item = _raw(stream, part.start, part.end)
        if item is None:
            yield _whole(part)
        else:
            yield from texts.item(part.name.removeprefix(_ILST).removeprefix(_UDTA), item)
    else:
        yield from _with_places(part, media, tables)


def _with_places(part: Part, media: Sequence[tuple[int, int]], tables: Mapping[int, Pointers]) -> Iterator[Counted]:
    """Yield a box with each table of places as counted from the beginning of the media in which they lie."""
    starts, at = [start for start, _ in media], part.start

    def led_to(place: int) -> bytes:
        index = bisect_right(starts, place) - 1
        inside = index >= 0 and place <= media[index][1]
        return b"%d+%d " % ((index, place - starts[index]) if inside else (-1, place))

    for start in sorted(start for start in tables if part.start <= start < part.end):
        found = tables[start]
        yield part.name, Kept(at, start)
        yield "places", b"".join(map(led_to, found.numbers))
        at = start + found.width * len(found.numbers)
    yield part.name, Kept(at, part.end)


def _inside(stream: BinaryIO, mdat: Part) -> tuple[int, int]:
    large = read_exactly(stream, mdat.start, 4) == b"\0\0\0\1"
    return mdat.start + (2 if large else 1) * _BOX_HEAD, mdat.end


def _is_padding(stream: BinaryIO, part: Part) -> bool:
    if part.name in ("free", "skip"):
        return _is_zero(stream, part.start + _BOX_HEAD, part.end)
    if part.name == "moov/udta/rest":
        return _is_zero(stream, part.start, part.end)
    return part.name.startswith(_UDTA) and part.name.endswith("/free")  # TagLib fills it with ones


# --- pictures --------------------------------------------------------------------------------------

_XMP, _EXIF, _IRB = b"http://ns.adobe.com/xap/1.0/\0", b"Exif\0\0", b"Photoshop 3.0\0"
_IN_SEGMENTS: tuple[tuple[str, bytes, Callable[[bytes], Iterator[Counted]]], ...] = (
    ("APP1", _XMP, texts.xmp_packet),
    ("APP1", _EXIF, exif_block),
    ("APP13", _IRB, texts.image_resources),
)


def _jpeg(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Counted]:
    """Segments, and all from the first scan on."""
    if any(CONTAINERS["jpeg"].pointers(stream, parts)):  # type: ignore[misc]
        raise _Undefined  # places of other pictures behind this one, which move with a tag
    for part in parts:
        if part.role == "manifest" or part.name == "COM":
            continue
        content = read_exactly(stream, part.start, part.length)[_SEGMENT_HEAD:] if part.role == "metadata" else b""
        for name, mark, counting in _IN_SEGMENTS:
            if part.name == name and content.startswith(mark):
                yield from counting(content[len(mark) :])
                break
        else:
            yield _whole(part)


_PNG_XMP = b"XML:com.adobe.xmp\0\0\0\0\0"  # not compressed, no language, no translated keyword


def _png(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Counted]:
    """Chunks with their checksums."""
    for part in parts:
        if part.role == "manifest" or part.name == "tIME":
            continue
        tag = _raw(stream, part.start + _PNG_HEAD, part.end - 4) if part.role == "metadata" else None
        if tag is not None and part.name == "eXIf":
            yield from exif_block(tag)
        elif tag is not None and tag.startswith(_PNG_XMP) and part.name == "iTXt":
            yield from texts.xmp_packet(tag[len(_PNG_XMP) :])
        elif tag is None or tag.partition(b"\0")[0] not in texts.PNG_KEYWORDS:
            yield _whole(part)


#: By container: the name of the list of what is left out, with its version, and what is counted.
_SCOPES: dict[str, tuple[str, _Counting]] = {
    "riff": ("riff-1", _riff),
    "id3": ("id3-1", _behind_id3),
    "isobmff": ("isobmff-1", _boxes),
    "jpeg": ("jpeg-1", _jpeg),
    "png": ("png-1", _png),
}

"""PNG: XMP in a text chunk, as ``iTXt`` (XMP specification part 3 §1.1.5), text in text chunks, EXIF in ``eXIf``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from provlabel._support.text import printable
from provlabel.carriers.tags import exif, xmp
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_FIELDS, MAX_VALUE, MAX_VALUES, TagError
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import Part, read_exactly
from provlabel.media.containers.edits import Edit

_XMP = b"XML:com.adobe.xmp\0"
_PROFILE = b"Raw profile type xmp\0"  # as ImageMagick writes it, in hex
_TEXTS = frozenset({"tEXt", "zTXt", "iTXt"})
_HEAD, _CRC = 8, 4
_KEYWORD = 79  # characters at most
_FRONT = 1_024  # bytes in front of a text: keyword, language, translated keyword
_MOST = 4 * MAX_VALUE + 4  # bytes of a text that can hold all characters that are kept, and one more
_BROKEN = "its compression is broken"


class _ChunkText(NamedTuple):
    """The text of one chunk, or its beginning."""

    keyword: str
    raw: bytes
    codec: str = "latin-1"
    fault: str = ""


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield XMP packets, EXIF, and all other text chunks as one carrier whose fields are their keywords."""
    texts = [part for part in parts if part.name in _TEXTS and not _is_xmp(stream, part)]
    if texts:
        yield _as_carrier(stream, texts)
    budget = xmp.PacketBudget()
    for part in parts:
        if part.name == "eXIf":
            yield exif.carrier_at(stream, "eXIf chunk", part.start + _HEAD, part.length - _HEAD - _CRC)
        elif _is_xmp(stream, part):
            text = _packet(stream, part)
            fields, faults = xmp.read_packet(text.raw, budget)
            yield Carrier("xmp", f"{part.name} chunk", fields, (text.fault,) if text.fault else faults)


def _is_xmp(stream: BinaryIO, part: Part) -> bool:
    """Is it a packet?  The specification wants ``iTXt``; exiftool and others read one in any text chunk."""
    if part.name not in _TEXTS:
        return False
    stream.seek(part.start + _HEAD)
    return stream.read(len(_PROFILE)).startswith((_XMP, _PROFILE))


def _packet(stream: BinaryIO, part: Part) -> _ChunkText:
    text = _text(stream, part, 2 * MAX_CARRIER)
    if text.keyword != _PROFILE[:-1].decode() or text.fault:
        return text
    try:
        # A line break, the name of the profile, its length, and the bytes in lines of hex.
        return text._replace(raw=bytes.fromhex(text.raw.split(b"\n", 3)[3].decode("ascii")))
    except (IndexError, ValueError):
        return text._replace(raw=b"", fault="the profile with the XMP packet cannot be read")


def _as_carrier(stream: BinaryIO, parts: Sequence[Part]) -> Carrier:
    fields: dict[str, tuple[str, ...]] = {}
    faults: dict[str, None] = {}
    left = MAX_CARRIER
    for part in parts[:MAX_FIELDS]:
        text = _text(stream, part, min(_MOST, left))
        left -= len(text.raw)
        name, value = printable(text.keyword), text.raw.decode(text.codec, "replace")
        if text.fault:
            faults[f"{name}: {text.fault}"] = None
        if len(value) > MAX_VALUE or len(text.raw) == _MOST:
            faults[f"{name} is too long and was cut"] = None
        if value or not text.fault:
            fields[text.keyword] = (*fields.get(text.keyword, ()), value[:MAX_VALUE])[:MAX_VALUES]
        if not left:
            break
    if len(parts) > MAX_FIELDS or not left:
        faults["there is more text than is read of one file"] = None
    return Carrier("text", "text chunks", fields, tuple(faults))


def _text(stream: BinaryIO, part: Part, most: int) -> _ChunkText:
    """Read up to ``most`` bytes of text (PNG 3rd ed. §11.3.3); all but those of iTXt are Latin-1."""
    length = part.length - _HEAD - _CRC
    raw = read_exactly(stream, part.start + _HEAD, min(length, most + _FRONT))
    name, _, rest = raw.partition(b"\0")
    keyword = name[:_KEYWORD].decode("latin-1")
    if part.name == "tEXt":
        return _ChunkText(keyword, rest[:most])
    if part.name == "zTXt":
        return _inflated(_ChunkText(keyword, rest[1:]), most)
    is_compressed, rest = rest[:1] == b"\1", rest[2:]
    rest = rest.partition(b"\0")[2].partition(b"\0")[2]  # language, translated keyword
    return (
        _inflated(_ChunkText(keyword, rest, "utf-8"), most)
        if is_compressed
        else _ChunkText(keyword, rest[:most], "utf-8")
    )


def _inflated(text: _ChunkText, most: int) -> _ChunkText:
    import zlib

    reader = zlib.decompressobj()
    try:
        raw = reader.decompress(text.raw, most)
    except zlib.error:
        return text._replace(raw=b"", fault=_BROKEN)
    return text._replace(raw=raw, fault="" if reader.eof or len(raw) == most else _BROKEN)


def blanked(stream: BinaryIO, parts: Sequence[Part], names: Collection[str]) -> list[Edit]:
    """Return the edits that empty the texts of these names in EXIF, with the checksum of their chunk.

    Raises:
        TagError: a text shares its bytes with something else.
    """
    import zlib

    found: list[Edit] = []
    for part in (part for part in parts if part.name == "eXIf"):
        at, length = part.start + _HEAD, part.length - _HEAD - _CRC
        texts = exif.emptied(stream, at, length, names)
        raw = bytearray(b"eXIf" + read_exactly(stream, at, length))
        for edit in texts:
            raw[edit.start - at + 4 : edit.end - at + 4] = edit.content
        found += [*texts, Edit(at + length, part.end, zlib.crc32(raw).to_bytes(_CRC, "big"))]
    return found


def cut(stream: BinaryIO, parts: Sequence[Part], names: Collection[str]) -> list[Edit]:
    """Return the edits that take out all text chunks with these keywords."""
    texts = (part for part in parts if part.name in _TEXTS and not _is_xmp(stream, part))
    return [Edit(part.start, part.end, b"") for part in texts if _text(stream, part, 0).keyword in names]


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Put the properties into the packet, which is no longer compressed then, or a packet before the picture.

    Raises:
        TagError: there are several packets, or the one there cannot be read.
    """
    import zlib

    own = [part for part in parts if _is_xmp(stream, part)]
    xmp.require_one(own)
    text = _packet(stream, own[0]) if own else None
    if text is not None and text.fault:
        raise TagError(f"the XMP packet cannot be read: {text.fault}")
    made = xmp.changed(text.raw if text else None, wanted.get("xmp", {}))
    if made is None:
        return []
    # Nothing comes between the header of a frame and its data: ffmpeg would refuse an animation.
    start = next(part.start for part in parts if part.name in ("fcTL", "IDAT", "IEND"))
    start, end = (own[0].start, own[0].end) if own else (start, start)
    content = b"iTXt" + _XMP + bytes(4) + made  # not compressed, no language, no translated keyword
    return [Edit(start, end, (len(content) - 4).to_bytes(4, "big") + content + zlib.crc32(content).to_bytes(4, "big"))]

"""WebP: XMP in an ``XMP `` chunk, EXIF in ``EXIF``, both announced in ``VP8X`` (RFC 9649 §2.7)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import BinaryIO

from provlabel.carriers.tags import exif, xmp
from provlabel.carriers.tags._base import TagError
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import Part, read_exactly
from provlabel.media.containers.edits import Edit

_HEAD = 8  # name and length of a chunk
_HAS_XMP, _HAS_ALPHA = 0x04, 0x10
_BEFORE_XMP = frozenset({"VP8X", "ICCP", "ANIM", "ANMF", "ALPH", "VP8 ", "VP8L", "EXIF"})
_OUTSIDE = "after RIFF"
_LARGEST = 0xFFFF_FFFE


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield each XMP packet and EXIF."""
    budget = xmp.PacketBudget()
    for part in parts:
        if part.name == "XMP ":
            yield xmp.packet_at(stream, "XMP chunk", part.start + _HEAD, _length(stream, part), budget)
        elif part.name == "EXIF":
            yield exif.carrier_at(stream, "EXIF chunk", part.start + _HEAD, _length(stream, part))


def _length(stream: BinaryIO, part: Part) -> int:
    """Return the bytes of a chunk without its padding."""
    return int.from_bytes(read_exactly(stream, part.start + 4, 4), "little")


def blanked(stream: BinaryIO, parts: Sequence[Part], names: Collection[str]) -> list[Edit]:
    """Return the edits that empty the texts of these names in EXIF.

    Raises:
        TagError: a text shares its bytes with something else.
    """
    places = [(part.start + _HEAD, _length(stream, part)) for part in parts if part.name == "EXIF"]
    return [edit for at, length in places for edit in exif.emptied(stream, at, length, names)]


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Put the properties into the packet, or a packet behind the picture and EXIF, and announce it.

    Raises:
        TagError: there are several packets, the file has no picture that can be read, or it would be too large.
    """
    own = [part for part in parts if part.name == "XMP "]
    xmp.require_one(own)
    made = xmp.changed(xmp.whole_packet(stream, own[0].start + _HEAD, _length(stream, own[0])) if own else None,
                       wanted.get("xmp", {}))  # fmt: skip
    if made is None:
        return []
    if own:
        start, end, front = own[0].start, own[0].end, b""
    else:
        last = [part for part in parts if part.name in _BEFORE_XMP]
        if not last:
            raise TagError("there is no picture in it")
        start = end = last[-1].end
        front = bytes(last[-1].length & 1)  # padding that the last chunk of a file may lack
    packet = Edit(start, end, front + _chunk(b"XMP ", made))
    changes = [packet, *_announced(stream, parts)]
    size = max(part.end for part in parts if part.name != _OUTSIDE) - _HEAD
    size += sum(len(edit.content) - (edit.end - edit.start) for edit in changes)
    if size > _LARGEST:
        raise TagError("a RIFF file cannot grow beyond 4 GiB")
    return [Edit(4, 8, size.to_bytes(4, "little")), *changes]


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) & 1)


def _announced(stream: BinaryIO, parts: Sequence[Part]) -> list[Edit]:
    """Set the flag of XMP; a simple file gets the chunk that has it, with the size of its picture."""
    by_name = {part.name: part for part in reversed(parts)}
    if extended := by_name.get("VP8X"):
        at = extended.start + _HEAD
        flags = read_exactly(stream, at, 1)[0]
        return [] if flags & _HAS_XMP else [Edit(at, at + 1, bytes([flags | _HAS_XMP]))]
    lossless = "VP8L" in by_name
    picture = by_name.get("VP8L") or by_name.get("VP8 ")
    if picture is None:
        raise TagError("there is no picture in it")
    head = read_exactly(stream, picture.start + _HEAD, 10)
    width, height, alpha = _lossless(head) if lossless else _lossy(head)
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    content = bytes([_HAS_XMP | (_HAS_ALPHA if alpha else 0), 0, 0, 0]) + canvas
    return [Edit(12, 12, _chunk(b"VP8X", content))]


def _lossless(head: bytes) -> tuple[int, int, bool]:
    """Read width, height and whether there is alpha (RFC 9649 §3.4)."""
    if head[0] != 0x2F:
        raise TagError("the header of its picture cannot be read")
    bits = int.from_bytes(head[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)


def _lossy(head: bytes) -> tuple[int, int, bool]:
    """Read width and height (RFC 6386 §9.1); a lossy picture outside of ``VP8X`` has no alpha."""
    width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    if head[3:6] != b"\x9d\x01\x2a" or not width or not height:
        raise TagError("the header of its picture cannot be read")
    return width, height, False

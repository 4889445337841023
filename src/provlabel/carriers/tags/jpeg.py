"""JPEG: XMP and its extended part in APP1 (XMP specification part 3 §1.1.3), EXIF in APP1.

Some generators put China's ``AIGC`` object into a segment of its own, behind that word; it is read as a text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import BinaryIO

from provlabel.carriers.tags import exif, xmp
from provlabel.carriers.tags._base import MAX_CARRIER, MAX_VALUES, TagError
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import Part, read_exactly
from provlabel.media.containers.edits import Edit
from provlabel.media.containers.jpeg_pointers import pointers
from provlabel.media.containers.pointers import moved

MAX_PACKET = 65_502  # bytes that the specification allows in one segment
_HEAD = 4  # marker and length
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
_EXIF = b"Exif\0\0"
_GUID, _NUMBERS = 32, 8  # MD5 of the extended part as hex digits; its length and the offset of this piece
_HAS_EXTENDED = "xmpNote:HasExtendedXMP"
_AIGC = (b"AIGC{", b"AIGC\0", b"AIGC ", b"AIGC:", b"AIGC=", b'{"AIGC"')


def _beginning(stream: BinaryIO, parts: Sequence[Part], mark: bytes) -> list[Part]:
    """Return the APP1 segments whose content begins with ``mark``."""
    return [part for part in parts if part.name == "APP1" and _content(stream, part, len(mark)) == mark]


def _content(stream: BinaryIO, part: Part, most: int = 1 << 16) -> bytes:
    return read_exactly(stream, part.start + _HEAD, min(most, part.length - _HEAD))


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield each XMP packet, joined with its extended part, and EXIF; properties of the packet itself win."""
    packets, budget = _beginning(stream, parts, _XMP), xmp.PacketBudget()
    for part in packets:
        found = xmp.packet_at(stream, "APP1", part.start + _HEAD + len(_XMP), part.length - _HEAD - len(_XMP), budget)
        more, faults = _extended(stream, parts, found, budget)
        yield Carrier("xmp", found.place, {**more, **found.fields}, (*found.faults, *faults))
    if not packets and _beginning(stream, parts, _EXTENDED):
        yield Carrier("xmp", "APP1", faults=("an extended part of an XMP packet that is not there",))
    for part in _beginning(stream, parts, _EXIF):
        yield exif.carrier("APP1", _content(stream, part)[len(_EXIF) :])
    own = [part for part in parts if part.length > _HEAD and _content(stream, part, 7).startswith(_AIGC)][:MAX_VALUES]
    if own:
        texts = (_content(stream, part).decode("utf-8", "replace") for part in own)
        yield Carrier("text", "AIGC segment", {"AIGC": tuple(texts)})


def blanked(stream: BinaryIO, parts: Sequence[Part], names: Collection[str]) -> list[Edit]:
    """Return the edits that empty the texts of these names in EXIF.

    Raises:
        TagError: a text shares its bytes with something else.
    """
    own = _beginning(stream, parts, _EXIF)
    return [edit for part in own for edit in exif.emptied(stream, part.start + _HEAD, part.length - _HEAD, names)]


def _extended(
    stream: BinaryIO, parts: Sequence[Part], main: Carrier, budget: xmp.PacketBudget
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return what the extended part says that the packet names, and what is wrong with it."""
    pieces = _beginning(stream, parts, _EXTENDED)
    named = main.fields.get(_HAS_EXTENDED, ("",))[0].encode()
    if not named:
        return {}, ("an extended part that the XMP packet does not name was not read",) if pieces else ()
    joined = _joined((_content(stream, part)[len(_EXTENDED) :] for part in pieces), named)
    if isinstance(joined, str):
        return {}, (joined,)
    return xmp.read_packet(joined, budget)


def _joined(pieces: Iterator[bytes], named: bytes) -> bytes | str:
    """Put the extended part together; return what is wrong when that cannot be done."""
    import hashlib

    front, taken, own = _GUID + _NUMBERS, 0, []
    for piece in pieces:
        if piece[:_GUID] == named and len(piece) > front:
            own.append(piece)
            taken += len(piece)
        if taken > MAX_CARRIER:
            return "the extended part of the XMP packet is too large and was not read"
    joined, ends = bytearray(), 0
    for piece in sorted(own, key=lambda item: item[_GUID + 4 : front]):
        ends = int.from_bytes(piece[_GUID : _GUID + 4], "big")
        if int.from_bytes(piece[_GUID + 4 : front], "big") != len(joined):
            return "the extended part of the XMP packet has a gap"
        joined += piece[front:]
    if not own or len(joined) != ends:
        return "the extended part of the XMP packet is not whole"
    if hashlib.md5(joined, usedforsecurity=False).hexdigest().upper().encode() != named.upper():
        return "the extended part of the XMP packet is not the one that was written"
    return bytes(joined)


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Put the properties into the packet, or a packet behind APP0 and EXIF.

    The extended part is never rewritten.

    Raises:
        TagError: there are several packets; the packet would be too long for a segment; or a property
            stands in the extended part, where nothing is changed.
        ContainerError: what says where other pictures lie in the file cannot be put right.
    """
    fields = wanted.get("xmp", {})
    packets = _beginning(stream, parts, _XMP)
    xmp.require_one(packets)
    packet = _content(stream, packets[0])[len(_XMP) :] if packets else None
    if packet is not None and _beginning(stream, parts, _EXTENDED):
        fields = _outside(stream, parts, packet, fields)
    made = xmp.changed(packet, fields)
    if made is None:
        return []
    if len(made) > MAX_PACKET:
        raise TagError(f"the XMP packet would take {len(made):,} bytes; a segment of JPEG holds {MAX_PACKET:,}")
    start, end = (packets[0].start, packets[0].end) if packets else (_place(stream, parts),) * 2
    length = (2 + len(_XMP) + len(made)).to_bytes(2, "big")
    change = Edit(start, end, b"\xff\xe1" + length + _XMP + made)
    return [change, *moved(pointers(stream, parts), [change])]


def _outside(stream: BinaryIO, parts: Sequence[Part], packet: bytes, fields: Fields) -> Fields:
    """Return the fields that the extended part does not state already."""
    main = Carrier("xmp", "APP1", xmp.read_packet(packet)[0])
    stated, _ = _extended(stream, parts, main, xmp.PacketBudget())
    for name in fields:
        if name in stated and (stated[name] != fields[name] or name in main.fields):
            raise TagError(f"{name} stands in the extended part of the XMP packet, which is not rewritten")
    return {name: values for name, values in fields.items() if name not in stated}


def _place(stream: BinaryIO, parts: Sequence[Part]) -> int:
    """Return the first byte behind the APP0 segments and EXIF."""
    known = {part.start for part in _beginning(stream, parts, _EXIF)}
    place = 2
    for part in parts:
        if part.name == "marker e0" or part.start in known:
            place = part.end
        elif part.name != "unknown":
            break
    return place

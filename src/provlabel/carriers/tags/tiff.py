"""TIFF and DNG: XMP in tag 700 of the first directory (XMP specification part 3 §1.1.7), and texts beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import BinaryIO, Literal, NamedTuple

from provlabel._support.files import reader
from provlabel.carriers.tags import exif, xmp
from provlabel.carriers.tags._base import TagError
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import Part, read_exactly
from provlabel.media.containers.edits import Edit

_XMP = 700  # the tag that holds the packet
_ENTRY = 12  # bytes of one entry of a directory
_BYTE, _UNDEFINED = 1, 7
_LARGEST = 0xFFFF_FFFF
_OWN, _VALUE = f"IFD0 tag {_XMP}", f"value of IFD0 tag {_XMP}"


class _Packet(NamedTuple):
    """Where the entry of the packet stands, and the packet."""

    entry: int
    at: int
    length: int


def _order(stream: BinaryIO) -> Literal["little", "big"]:
    return "little" if read_exactly(stream, 0, 2) == b"II" else "big"


def _packets(stream: BinaryIO, parts: Sequence[Part]) -> list[_Packet]:
    order = _order(stream)
    found = []
    for part in parts:
        if part.name == _OWN:
            raw = read_exactly(stream, part.start, _ENTRY)
            kind, length = int.from_bytes(raw[2:4], order), int.from_bytes(raw[4:8], order)
            at = part.start + 8 if length <= 4 else int.from_bytes(raw[8:], order)
            found.append(_Packet(part.start, at, length if kind in (_BYTE, _UNDEFINED) else -1))
    return found


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield XMP packets, and the text of tags as EXIF."""
    budget = xmp.PacketBudget()
    for packet in _packets(stream, parts):
        if packet.length < 0:
            yield Carrier("xmp", "tag 700", faults=("tag 700 holds no bytes",))
        else:
            yield xmp.packet_at(stream, "tag 700", packet.at, packet.length, budget)
    yield exif.carrier_of("IFD0", reader(stream))


def blanked(stream: BinaryIO, parts: Sequence[Part], names: Collection[str]) -> list[Edit]:
    """Return the edits that empty the texts of these names.

    Raises:
        TagError: a text shares its bytes with something else.
    """
    texts = exif.texts_at(reader(stream), names)
    for start, end in texts:
        used = [part for part in parts if part.start < end and part.end > start]
        if any((part.start, part.end) != (start, end) and part.end - part.start != _ENTRY for part in used):
            raise TagError("other parts of the file lie in a text")
    return [Edit(start, end, bytes(end - start)) for start, end in texts]


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Put the properties into the packet; one that has no room goes to the end of the file.

    A new tag needs a new first directory, which goes there too.  The old packet is overwritten with zeros.

    Raises:
        TagError: there are several packets, the old one is shared, or the file would be too large.
    """
    own = _packets(stream, parts)
    xmp.require_one(own)
    if own and own[0].length < 0:
        raise TagError("tag 700 holds no bytes")
    made = xmp.changed(xmp.whole_packet(stream, own[0].at, own[0].length) if own else None, wanted.get("xmp", {}))
    if made is None:
        return []
    order, size = _order(stream), max(part.end for part in parts)
    if not own:
        return _with_entry(stream, parts, made, order)
    _require_unshared(parts, own[0])
    fits = len(made) <= own[0].length
    at = own[0].at if fits else size + (size & 1)
    if at + len(made) > _LARGEST:
        raise TagError("a TIFF file cannot grow beyond 4 GiB")
    entry = Edit(own[0].entry + 2, own[0].entry + _ENTRY, _fields(len(made), at, order))
    if own[0].length <= 4:  # stands in the entry itself
        return [entry, Edit(size, size, bytes(size & 1) + made)]
    old = Edit(own[0].at, own[0].at + own[0].length, (made if fits else b"").ljust(own[0].length, b"\0"))
    return [entry, old] if fits else [entry, old, Edit(size, size, bytes(size & 1) + made)]


def _fields(length: int, at: int, order: Literal["little", "big"]) -> bytes:
    """Return an entry without its tag: type, count, offset."""
    return _BYTE.to_bytes(2, order) + length.to_bytes(4, order) + at.to_bytes(4, order)


def _require_unshared(parts: Sequence[Part], own: _Packet) -> None:
    """Refuse to overwrite bytes that something else refers to as well."""
    used = [part for part in parts if part.start < own.at + own.length and part.end > own.at and part.length]
    if [part.name for part in used if part.start != own.entry] not in ([_VALUE], []):
        raise TagError("other parts of the file lie in its XMP packet")


def _with_entry(stream: BinaryIO, parts: Sequence[Part], made: bytes, order: Literal["little", "big"]) -> list[Edit]:
    """Return what appends the packet and a first directory that has it, and points to that."""
    size = max(part.end for part in parts)
    first = int.from_bytes(read_exactly(stream, 4, 4), order)
    count = int.from_bytes(read_exactly(stream, first, 2), order)
    raw = read_exactly(stream, first + 2, _ENTRY * count + 4)
    at = size + (size & 1)
    directory = at + len(made) + (len(made) & 1)
    if count >= 0xFFFF or directory + len(raw) + _ENTRY + 2 > _LARGEST:
        raise TagError("there is no room for a tag more")
    entries = [raw[start : start + _ENTRY] for start in range(0, _ENTRY * count, _ENTRY)]
    entries.append(_XMP.to_bytes(2, order) + _fields(len(made), at, order))
    entries.sort(key=lambda entry: int.from_bytes(entry[:2], order))
    table = (count + 1).to_bytes(2, order) + b"".join(entries) + raw[-4:]
    behind = bytes(size & 1) + made + bytes(len(made) & 1) + table
    return [Edit(4, 8, directory.to_bytes(4, order)), Edit(size, size, behind)]

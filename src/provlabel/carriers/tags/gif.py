"""GIF: XMP in an application extension, whole and with a ramp behind it (XMP specification part 3 §1.1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from provlabel.carriers.tags import xmp
from provlabel.carriers.tags._base import MAX_CARRIER, TagError
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import Part, read_exactly
from provlabel.media.containers.edits import Edit

_HEAD = b"\x21\xff\x0bXMP DataXMP"
# A program that knows no XMP takes any byte of it for the length of a sub-block; each leads into the ramp,
# and all of the ramp to its end.
_RAMP = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
_NAME = "XMP Data"
_BEFORE = frozenset({"image", "trailer", "extension f9", "extension 01"})


def _packets(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.name == _NAME]


def _packet(stream: BinaryIO, part: Part) -> bytes:
    """Return the packet of a block.

    Raises:
        TagError: it is too large, or does not end as it must.
    """
    length = part.length - len(_HEAD) - len(_RAMP)
    if length > MAX_CARRIER:
        raise TagError(f"the XMP packet takes {length:,} bytes and was not read")
    content = read_exactly(stream, part.start, part.length)
    if not content.startswith(_HEAD) or not content.endswith(_RAMP):
        raise TagError("the block with the XMP packet does not end as it must")
    return content[len(_HEAD) : -len(_RAMP)]


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield each XMP packet."""
    budget = xmp.PacketBudget()
    for part in _packets(parts):
        try:
            yield Carrier("xmp", "application extension", *xmp.read_packet(_packet(stream, part), budget))
        except TagError as exc:
            yield Carrier("xmp", "application extension", faults=(str(exc),))


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Put the properties into the packet, or a packet before the first picture; GIF87a becomes GIF89a.

    Raises:
        TagError: there are several packets, or the one there cannot be read.
    """
    own = _packets(parts)
    xmp.require_one(own)
    made = xmp.changed(_packet(stream, own[0]) if own else None, wanted.get("xmp", {}))
    if made is None:
        return []
    if own:
        start, end = own[0].start, own[0].end
    else:
        start = end = next(part.start for part in parts if part.name in _BEFORE)
    return [Edit(0, 6, b"GIF89a"), Edit(start, end, _HEAD + made + _RAMP)]

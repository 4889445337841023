"""AVIF, HEIF and JPEG XL: XMP and EXIF as items (ISO 14496-12 §8.11, ISO 23008-12 §A) or boxes; items are read only.

Writing an item would move the picture, whose place stands in ``iloc``; a box of JPEG XL moves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import BinaryIO

from provlabel.carriers.tags import exif, xmp
from provlabel.carriers.tags._base import MAX_CARRIER, TagError
from provlabel.carriers.vocabularies._base import Fields
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError, Part, items, read_exactly
from provlabel.media.containers.edits import Edit

_UUID = "uuid:be7acfcb97a942e89c71999491e3afac"
_XMP_TYPE = b"application/rdf+xml"
_HEAD = 8


def uuid_packets(stream: BinaryIO, parts: Sequence[Part], budget: xmp.PacketBudget) -> Iterator[Carrier]:
    """Yield XMP in boxes of its own type (XMP specification part 3 §1.2.7.1: MP4)."""
    for part in parts:
        if part.name == _UUID:
            body, length = items.body(stream, part)
            yield xmp.packet_at(stream, "uuid box", body + 16, length - 16, budget)


def read(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[Carrier]:
    """Yield XMP and EXIF of items and of boxes; what Brotli compresses is a fault."""
    budget = xmp.PacketBudget()
    yield from uuid_packets(stream, parts, budget)
    for part in items.metas(parts):
        yield from _described(stream, part, budget)
    for part in parts:
        body, length = items.body(stream, part)
        if part.name == "xml ":
            yield xmp.packet_at(stream, "xml box", body, length, budget)
        elif part.name == "Exif":
            yield _exif(read_exactly(stream, body, min(length, MAX_CARRIER)), "Exif box")
        elif part.name == "brob" and (kind := read_exactly(stream, body, min(4, length))) in (b"xml ", b"Exif"):
            yield Carrier(
                "xmp" if kind == b"xml " else "exif", "brob box", faults=("compressed with Brotli; not read",)
            )


def _exif(raw: bytes, place: str) -> Carrier:
    """Read EXIF behind the four bytes that say where its header begins (ISO 23008-12 §A.2.1)."""
    return exif.carrier(place, raw[4 + int.from_bytes(raw[:4], "big") :])


def _described(stream: BinaryIO, meta: Part, budget: xmp.PacketBudget) -> Iterator[Carrier]:
    try:
        boxes = {box.name: box for box in reversed(list(items.children(stream, meta)))}
        wanted = list(_infos(items.table(stream, boxes, b"iinf"))) if b"iinf" in boxes else []
        places = items.locations(items.table(stream, boxes, b"iloc")) if wanted else {}
    except ContainerError as exc:
        yield Carrier("xmp", "item", faults=(str(exc),))
        return
    for item, kind in wanted:
        try:
            raw = _content(stream, places[item], boxes.get(b"idat"))
        except (ContainerError, KeyError) as exc:
            yield Carrier(kind, "item", faults=(str(exc) if isinstance(exc, ContainerError) else "it lies nowhere",))
            continue
        yield Carrier("xmp", "item", *xmp.read_packet(raw, budget)) if kind == "xmp" else _exif(raw, "item")


def _infos(raw: bytes) -> Iterator[tuple[int, str]]:
    """Yield the ids of items with XMP and EXIF (ISO 14496-12 §8.11.6)."""
    for item, kind, rest in items.infos(raw):
        if kind == b"Exif":
            yield item, "exif"
        elif kind == b"mime" and rest.split(b"\0")[1:2] == [_XMP_TYPE]:
            yield item, "xmp"


def _content(stream: BinaryIO, item: items.ItemExtent, data: items.MetaBox | None) -> bytes:
    """Join the extents of an item."""
    if item.method not in (0, 1) or (item.method == 1 and data is None):
        raise ContainerError("it lies in another file or item and was not read")
    front = data.at if item.method == 1 and data is not None else 0
    if sum(length for _, length in item.extents) > MAX_CARRIER:
        raise ContainerError(f"it takes more than {MAX_CARRIER:,} bytes and was not read")
    return b"".join(read_exactly(stream, front + offset, length) for offset, length in item.extents)


def blanked(stream: BinaryIO, parts: Sequence[Part], names: Collection[str]) -> list[Edit]:
    """Return the edits that empty the texts of these names in EXIF, which keeps its place and length.

    Raises:
        TagError: a text shares its bytes with something else, or its EXIF lies in several pieces.
        ContainerError: its place cannot be read.
    """
    found: list[Edit] = []
    for at, length in (*_exif_items(stream, parts), *(items.body(stream, p) for p in parts if p.name == "Exif")):
        front = 4 + int.from_bytes(read_exactly(stream, at, 4), "big")
        found += exif.emptied(stream, at + front, length - front, names)
    return found


def _exif_items(stream: BinaryIO, parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    for meta in items.metas(parts):
        boxes = {box.name: box for box in reversed(list(items.children(stream, meta)))}
        if b"iinf" not in boxes:
            continue
        places = items.locations(items.table(stream, boxes, b"iloc"))
        wanted = [item for item, kind in _infos(items.table(stream, boxes, b"iinf")) if kind == "exif"]
        for place in (places[item] for item in wanted if item in places):
            if place.method != 0 or len(place.extents) != 1:
                raise TagError("its EXIF does not lie in one piece")
            yield place.extents[0]


def edits(stream: BinaryIO, parts: Sequence[Part], wanted: Mapping[str, Fields]) -> list[Edit]:
    """Put the properties into the ``xml`` box of JPEG XL (ISO 18181-2 §9), or one at the end of the file.

    Raises:
        TagError: there are several packets, it is compressed, or nothing can be appended.
    """
    own = [part for part in parts if part.name == "xml "]
    xmp.require_one(own)
    if any(part.name == "brob" and read_exactly(stream, items.body(stream, part)[0], 4) == b"xml " for part in parts):
        raise TagError("the XMP packet is compressed with Brotli")
    last = max(parts, key=lambda part: part.end)
    if read_exactly(stream, last.start, 4) == bytes(4):
        raise TagError("its last box does not say where it ends")
    packet = xmp.whole_packet(stream, *items.body(stream, own[0])) if own else None
    made = xmp.changed(packet, wanted.get("xmp", {}))
    if made is None:
        return []
    start, end = (own[0].start, own[0].end) if own else (last.end, last.end)
    return [Edit(start, end, (_HEAD + len(made)).to_bytes(4, "big") + b"xml " + made)]

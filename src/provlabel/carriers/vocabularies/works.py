"""Which work a file says it is: titles and identifiers in tags, read to be compared with a label.  Pure.

A title is nobody's statement about AI, so it is no field of a mapping: it is not written, not listed and not judged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from msgspec import UNSET

from provlabel.carriers.vocabularies._base import CarrierId
from provlabel.evidence import Carrier
from provlabel.label import Label
from provlabel.label.identifiers import CANONICAL

_ITUNES = "----:com.apple.iTunes:"
#: By carrier: the fields that name one work, and what each holds: ``title``, or a type of identifiers of a label.
#: ``INFO:ISRC`` is none: in RIFF it is whoever supplied the sound.
NAMES: dict[CarrierId, dict[str, str]] = {
    "id3": {
        "TIT2": "title",
        "TSRC": "isrc",
        "TXXX:ISRC": "isrc",
        "TXXX:BARCODE": "upc",
        "TXXX:UPC": "upc",
        "TXXX:ISWC": "iswc",
        "TXXX:GRID": "grid",
    },
    "vorbis": {"TITLE": "title", "ISRC": "isrc", "BARCODE": "upc", "UPC": "upc", "ISWC": "iswc", "GRID": "grid"},
    "mp4": {
        "©nam": "title",
        "keys:title": "title",
        "keys:com.apple.quicktime.title": "title",
        f"{_ITUNES}ISRC": "isrc",
        f"{_ITUNES}BARCODE": "upc",
        f"{_ITUNES}UPC": "upc",
        f"{_ITUNES}ISWC": "iswc",
        f"{_ITUNES}GRID": "grid",
    },
    "riff": {"INFO:INAM": "title"},
    "xmp": {"dc:title": "title"},
}
#: By carrier: the fields that say when it was made, mostly without time and zone.
DATES: dict[CarrierId, tuple[str, ...]] = {
    "id3": ("TDRC",),
    "vorbis": ("DATE",),
    "mp4": ("©day",),
    "riff": ("INFO:ICRD",),
    "xmp": ("xmp:CreateDate", "photoshop:DateCreated"),
}
_V1 = 30  # bytes of a title in ID3v1, which cuts longer ones


def named_otherwise(label: Label, carriers: Collection[Carrier]) -> Iterator[str]:
    """Yield in words each field of tags that names another work than ``label``; what one of both leaves out is none.

    Spaces, case and the hyphens of identifiers make no difference.
    """
    for item in carriers:
        for field, what in NAMES.get(item.id, {}).items():
            values = tuple(value for value in item.fields.get(field, ()) if value.strip())
            stated = _stated(label, what)
            if values and stated and not _same(what, values, stated, item.place):
                yield f"{field} in the {item.place} says {', '.join(values)}; the label says {', '.join(stated)}"


def _stated(label: Label, what: str) -> tuple[str, ...]:
    if what == "title":
        return () if label.title is UNSET else (label.title,)
    return tuple(item.value for item in label.identifiers if item.type == what)


def _same(what: str, values: Sequence[str], stated: Sequence[str], place: str) -> bool:
    """A title may stand in several languages, of which the label has one; an identifier has to be one of the label."""
    if what != "title":
        return {_plain(what, value) for value in values} <= {_plain(what, value) for value in stated}
    title = _folded(stated[0])
    cut = place == "ID3v1 tag"
    return any(_folded(value) == title or (cut and len(value) == _V1 and _is_cut(value, title)) for value in values)


def _is_cut(value: str, title: str) -> bool:
    return title.startswith(_folded(value))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _plain(what: str, value: str) -> str:
    plain = CANONICAL[what](value) or re.sub(r"[\s.\-]", "", value).upper()
    return plain.lstrip("0") if what == "upc" else plain  # a UPC is an EAN that begins with 0

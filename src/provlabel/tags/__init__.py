"""Flat fields and the bytes of their carriers: one file per format, one row each in :data:`TAGGERS`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from msgspec.structs import replace

from provlabel.containers import ContainerError, Part
from provlabel.evidence import Carrier
from provlabel.mappings import KNOWN
from provlabel.tags import aiff, flac, gif, isobmff, jpeg, mp3, mp4, ogg, png, svg, tiff, wav, webp
from provlabel.tags._base import TagError, Tagger, few

_ITEMS = Tagger((), isobmff.read, isobmff.no_edits)

_TAGGERS: dict[str, Tagger] = {
    "JPEG": Tagger(("xmp",), jpeg.read, jpeg.edits),
    "PNG": Tagger(("xmp",), png.read, png.edits),
    "WebP": Tagger(("xmp",), webp.read, webp.edits),
    "GIF": Tagger(("xmp",), gif.read, gif.edits),
    "TIFF": Tagger(("xmp",), tiff.read, tiff.edits),
    "DNG": Tagger(("xmp",), tiff.read, tiff.edits),
    "SVG": Tagger(("xmp",), svg.read, svg.edits),
    "AVIF": _ITEMS,
    "HEIC": _ITEMS,
    "HEIF": _ITEMS,
    "JPEG XL": Tagger(("xmp",), isobmff.read, isobmff.edits),
    "MP3": mp3.TAGGER,
    "FLAC": flac.TAGGER,
    "WAV": wav.TAGGER,
    "M4A": mp4.TAGGER,
    "MP4": mp4.TAGGER,
    "MOV": mp4.TAGGER,
    # Read, never written: the manifest lies beside such a file, and the file stays as it is.
    "ADTS AAC": mp3.READ_ONLY,
    "AIFF": aiff.READ_ONLY,
    "Ogg Vorbis": ogg.READ_ONLY,
    "Ogg Opus": ogg.READ_ONLY,
    "Ogg FLAC": ogg.READ_ONLY,
}
#: By the name of the format.
TAGGERS = {name: tagger._replace(read=few(tagger.read)) for name, tagger in _TAGGERS.items()}


def carriers_in(name: str, stream: BinaryIO, parts: Sequence[Part]) -> tuple[Carrier, ...] | None:
    """Return what the carriers of a file of format ``name`` say, as far as a mapping knows the field.

    ``parts`` is what the walker of its container found.  ``None`` where no tagger reads the format.
    """
    if name not in TAGGERS:
        return None
    found: list[Carrier] = []
    try:
        found.extend(map(_known, TAGGERS[name].read(stream, parts)))
    except ContainerError as exc:
        found.append(Carrier("", name, faults=(str(exc),)))
    return tuple(item for item in found if item.fields or item.faults)


def _known(item: Carrier) -> Carrier:
    known = KNOWN.get(item.id, frozenset())
    return replace(item, fields={field: values for field, values in item.fields.items() if field in known})


__all__ = ["TAGGERS", "TagError", "Tagger", "carriers_in"]

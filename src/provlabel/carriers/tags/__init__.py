"""Flat fields and the bytes of their carriers: one file per format, one row each in :data:`TAGGERS`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from msgspec.structs import replace

from provlabel.carriers.tags._base import TagError, Tagger
from provlabel.carriers.vocabularies import KNOWN
from provlabel.evidence import Carrier
from provlabel.media.containers import ContainerError, Part

#: By the name of the format.
TAGGERS: dict[str, Tagger] = {
    "JPEG": Tagger("jpeg", ("xmp",)),
    "PNG": Tagger("png", ("xmp",)),
    "WebP": Tagger("webp", ("xmp",)),
    "GIF": Tagger("gif", ("xmp",)),
    "TIFF": Tagger("tiff", ("xmp",)),
    "DNG": Tagger("tiff", ("xmp",)),
    "SVG": Tagger("svg", ("xmp",)),
    "JPEG XL": Tagger("isobmff", ("xmp",)),
    "MP3": Tagger("mp3", ("id3",)),
    "FLAC": Tagger("flac", ("vorbis",)),
    "WAV": Tagger("wav", ("riff", "id3")),
    "M4A": Tagger("mp4", ("mp4",)),
    "MP4": Tagger("mp4", ("mp4",)),
    "MOV": Tagger("mp4", ("mp4",)),
    # XMP there would move the picture, and all that points to it.
    "AVIF": Tagger("isobmff"),
    "HEIC": Tagger("isobmff"),
    "HEIF": Tagger("isobmff"),
    # The manifest lies beside such a file, and the file stays as it is.
    "ADTS AAC": Tagger("mp3"),
    "AIFF": Tagger("aiff"),
    "Ogg Vorbis": Tagger("ogg"),
    "Ogg Opus": Tagger("ogg"),
    "Ogg FLAC": Tagger("ogg"),
}


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

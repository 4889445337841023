"""Flat fields and the bytes of their carriers: one file per format, one row each in :data:`TAGGERS`."""

from __future__ import annotations

from provlabel.tags import gif, isobmff, jpeg, png, svg, tiff, webp
from provlabel.tags._base import TagError, Tagger, few

_ITEMS = Tagger((), few(isobmff.read), isobmff.no_edits)

#: By the name of the format.
TAGGERS: dict[str, Tagger] = {
    "JPEG": Tagger(("xmp",), few(jpeg.read), jpeg.edits),
    "PNG": Tagger(("xmp",), few(png.read), png.edits),
    "WebP": Tagger(("xmp",), few(webp.read), webp.edits),
    "GIF": Tagger(("xmp",), few(gif.read), gif.edits),
    "TIFF": Tagger(("xmp",), few(tiff.read), tiff.edits),
    "DNG": Tagger(("xmp",), few(tiff.read), tiff.edits),
    "SVG": Tagger(("xmp",), few(svg.read), svg.edits),
    "AVIF": _ITEMS,
    "HEIC": _ITEMS,
    "HEIF": _ITEMS,
    "JPEG XL": Tagger(("xmp",), few(isobmff.read), isobmff.edits),
}

__all__ = ["TAGGERS", "TagError", "Tagger"]

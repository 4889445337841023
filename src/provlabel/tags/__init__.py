"""Flat fields and the bytes of their carriers: one file per format, one row each in :data:`TAGGERS`."""

from __future__ import annotations

from provlabel.tags._base import TagError, Tagger

#: By the name of the format.
TAGGERS: dict[str, Tagger] = {}

__all__ = ["TAGGERS", "TagError", "Tagger"]

"""Flat fields and the bytes of their carriers: one file per format, named in the row of the format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from msgspec.structs import replace

from provlabel.carriers.tags._base import TagError, Tagger
from provlabel.carriers.vocabularies import KNOWN, aigc
from provlabel.carriers.vocabularies.works import DATES, NAMES
from provlabel.evidence import Carrier
from provlabel.label.prompts import is_prompt
from provlabel.media.containers import ContainerError, Part
from provlabel.media.formats import FORMATS

#: By the name of the format.
TAGGERS: dict[str, Tagger] = {row.name: Tagger(row.tagger, row.tags) for row in FORMATS if row.tagger}


def carriers_in(name: str, stream: BinaryIO, parts: Sequence[Part]) -> tuple[Carrier, ...] | None:
    """Return what the carriers of a file of format ``name`` say, as far as anybody here knows the field.

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
    known = KNOWN.get(item.id, frozenset()) | NAMES.get(item.id, {}).keys() | set(DATES.get(item.id, ()))
    fields = {
        name: values
        for name, values in item.fields.items()
        if name in known or is_prompt(name) or any(map(aigc.is_whole, values))
    }
    return replace(item, fields=fields)


__all__ = ["TAGGERS", "TagError", "Tagger", "carriers_in"]

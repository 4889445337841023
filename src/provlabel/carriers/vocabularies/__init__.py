"""Labels as flat fields of other vocabularies: one file per vocabulary, one row per carrier in :data:`PROJECTIONS`."""

from __future__ import annotations

import functools

from provlabel.carriers.vocabularies import aigc, iptc, music
from provlabel.carriers.vocabularies._base import CarrierId, Field, FieldRole, Fields, Projection
from provlabel.carriers.vocabularies.marks import MARKS

_MUSIC: tuple[CarrierId, ...] = ("id3", "vorbis", "mp4", "riff")
PROJECTIONS: tuple[Projection, ...] = (
    Projection("iptc", "xmp", iptc.FIELDS, iptc.dump, iptc.load),
    *(
        Projection(
            "music",
            carrier,
            music.fields(carrier),
            functools.partial(music.dump, carrier=carrier),
            functools.partial(music.load, carrier=carrier),
        )
        for carrier in _MUSIC
    ),
    *(
        Projection(
            "aigc",
            carrier,
            {row.name: row},
            functools.partial(aigc.dump, carrier=carrier),
            functools.partial(aigc.load, carrier=carrier),
        )
        for carrier, row in aigc.FIELDS.items()
    ),
    *(
        Projection(
            "aigc elsewhere",
            carrier,
            rows,
            functools.partial(aigc.dump_elsewhere, carrier=carrier),
            functools.partial(aigc.load, carrier=carrier),
        )
        for carrier, rows in aigc.FIELDS_ELSEWHERE.items()
    ),
)

#: Every field of a carrier that is understood; others are nobody's business here.
KNOWN: dict[str, frozenset[str]] = {
    carrier: frozenset(
        [name for row in PROJECTIONS if row.carrier == carrier for name in row.fields]
        + [mark.field for mark in MARKS if mark.carrier == carrier]
    )
    for carrier in {row.carrier for row in PROJECTIONS}
}

__all__ = ["KNOWN", "PROJECTIONS", "CarrierId", "Field", "FieldRole", "Fields", "Projection"]

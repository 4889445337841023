"""China's ``AIGC`` object (GB 45438-2025; TC260-PG-20257A, -20259A, -202510A; all read in quoted copies only).

Seven string keys in a fixed order, values of printable ASCII without space, one object for each file.
The producer fills the first three; whoever passes the file on fills ``ContentPropagator`` and
``PropagateID``; the reserved codes are for uses of their own and stay empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from provlabel.carriers.vocabularies._base import CarrierId, Field, Fields, first
from provlabel.errors import LabelError
from provlabel.label import Label
from provlabel.label.vocabularies import AI_KINDS

KEYS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
#: Where it stands, and under which name (TC260-PG-20259A for pictures, -202510A for sound).
PLACES: dict[CarrierId, str] = {
    "xmp": "TC260:AIGC",
    "id3": "TXXX:AIGC",
    "vorbis": "AIGC",
    "riff": "AIGC",
    "mp4": "keys:AIGC",
    # Other places, which are read and never written (Annex B).
    "exif": "UserComment",
    "text": "AIGC",
}
_VALUE = re.compile(r"[\x21-\x7e]*")
_SOURCE = "GB 45438-2025, TC260-PG-20259A and -202510A"
FIELDS = {carrier: Field(name, "statement", source=_SOURCE, certainty="S") for carrier, name in PLACES.items()}


def text_of(label: Label) -> str:
    """Return the object of ``label``, as it stands in a file.

    Raises:
        LabelError: it cannot be right: the label has no codes for it, or says nothing of AI, or only
            that there may be some, which is for a platform to say.
    """
    china = label.china
    if china is UNSET:
        raise LabelError(
            "the AIGC object needs the codes of producer and content", hint="add china.producer and china.produce_id"
        )
    if label.kind not in AI_KINDS or (label.kind == "may_contain_ai" and china.propagator is UNSET):
        raise LabelError(
            f"the AIGC object says that AI made the content, and the label says {label.kind}",
            hint="leave aigc out of --carriers, or correct kind",
        )
    values = (
        "2" if label.kind == "may_contain_ai" else "1",
        china.producer,
        china.produce_id,
        "",
        "" if china.propagator is UNSET else china.propagator,
        "" if china.propagate_id is UNSET else china.propagate_id,
        "",
    )
    return json.dumps(dict(zip(KEYS, values, strict=True)), separators=(",", ":"))


#: Characters of an object that are read; an honest one has a few hundred.
_MAX = 64 << 10


def objects_in(carrier: CarrierId, fields: Fields) -> Iterator[str]:
    """Yield each text that is, or means to be, an object; a comment of EXIF is free text otherwise."""
    for text in fields.get(PLACES.get(carrier, ""), ()):
        if carrier != "exif" or "AIGC" in text or "ContentProducer" in text:
            yield text


def parsed(text: str) -> dict[str, str]:
    """Read an object as a file has it; the alternates wrap it in another one, ``{"AIGC": {…}}``.

    Raises:
        ValueError: it is no object of these seven keys, in their order, or of other characters; says what.
    """
    if len(text) > _MAX:
        raise ValueError(f"it is longer than {_MAX:,} characters")
    try:
        pairs = json.loads(text, object_pairs_hook=list, parse_constant=str)
    except (ValueError, RecursionError) as exc:
        raise ValueError("it is no JSON") from exc
    if isinstance(pairs, list) and [key for key, _ in _pairs(pairs)] == ["AIGC"]:
        pairs = pairs[0][1]
    found = _pairs(pairs)
    if tuple(key for key, _ in found) != KEYS:
        raise ValueError("its keys are not the seven of the standard, in their order")
    for key, value in found:
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise ValueError(f"{key} is not of printable ASCII without space")
    return dict(found)


def _pairs(value: Any) -> list[tuple[str, Any]]:
    """Return the members of an object, which the reader hands over as a list of pairs."""
    pairs = value if isinstance(value, list) else []
    return pairs if all(isinstance(item, tuple) for item in pairs) else []


def dump(label: Label, carrier: CarrierId) -> dict[str, tuple[str, ...]]:
    """Return the one field; raises as :func:`text_of`."""
    return {PLACES[carrier]: (text_of(label),)}


def load(fields: Fields, carrier: CarrierId) -> dict[str, Any]:
    """Return the codes as part of a plain label; nothing when the object is not right."""
    try:
        values = parsed(first(fields, PLACES[carrier]))
    except ValueError:
        return {}
    names = {
        "producer": "ContentProducer",
        "produce_id": "ProduceID",
        "propagator": "ContentPropagator",
        "propagate_id": "PropagateID",
    }
    codes = {field: values[key] for field, key in names.items() if values[key]}
    return {"china": codes} if {"producer", "produce_id"} <= codes.keys() else {}

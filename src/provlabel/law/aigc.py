"""The ``AIGC`` object of GB 45438-2025 as it stands in a file, read as strictly as the standard writes it."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from provlabel.law.records import Subject
from provlabel.law.subjects import aigc_values

#: The keys, in the order of the standard.
KEYS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
_ASCII = re.compile(r"[\x21-\x7e]*")
_MAX = 64 << 10  # characters; an honest object has a few hundred


class Found(NamedTuple):
    """The one object of a file, or what is wrong with it."""

    value: dict[str, str] | None
    fault: str


def found(subject: Subject) -> Found | None:
    """Return the ``AIGC`` object, ``None`` when there is none."""
    values = list(aigc_values(subject.carriers))
    if not values:
        return None
    if len(values) > 1:
        return Found(None, f"there are {len(values)} AIGC objects, and exactly one may be there")
    return _parsed(*values[0])


def single(subject: Subject) -> dict[str, str] | None:
    """Return the ``AIGC`` object where there is exactly one, and it is sound."""
    one = found(subject)
    return None if one is None else one.value


def filled(value: dict[str, str], name: str) -> bool:
    """Does a key have a value that is not empty?"""
    return bool(value.get(name))


def _parsed(place: str, text: str) -> Found:
    if len(text) > _MAX:
        return Found(None, f"the AIGC object in {place} is longer than {_MAX:,} characters")
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return Found(None, f"the AIGC object in {place} is no JSON")
    if _is_wrapped(pairs):  # Annex B: {"AIGC":{…}} in EXIF and PNG text
        pairs = pairs[0][1]
    return _fault(place, pairs)


def _is_wrapped(pairs: Any) -> bool:
    return _are_pairs(pairs) and [pair[0] for pair in pairs] == ["AIGC"]


def _are_pairs(pairs: Any) -> bool:
    """Is it a JSON object, as its pairs?  A JSON list of lists is told apart by the type of a pair."""
    return isinstance(pairs, list) and bool(pairs) and all(isinstance(pair, tuple) for pair in pairs)


def _fault(place: str, pairs: Any) -> Found:
    if not _are_pairs(pairs):
        return Found(None, f"the AIGC object in {place} is no JSON object")
    if tuple(pair[0] for pair in pairs) != KEYS:
        return Found(None, f"the AIGC object in {place} has not the seven keys in their order")
    odd = [name for name, value in pairs if not (isinstance(value, str) and _ASCII.fullmatch(value))]
    if odd:
        return Found(None, f"{odd[0]} of the AIGC object in {place} is no text of printable ASCII without spaces")
    return Found(dict(pairs), "")

"""The one ``AIGC`` object that a file may have (GB 45438-2025)."""

from __future__ import annotations

from typing import NamedTuple

from provlabel.carriers.vocabularies import aigc
from provlabel.law.records import Subject


class Found(NamedTuple):
    """The one object of a file, or what is wrong with it."""

    value: dict[str, str] | None
    fault: str


def found(subject: Subject) -> Found | None:
    """Return the ``AIGC`` object, ``None`` when there is none."""
    values = [
        (item.place or item.id, text) for item in subject.carriers for text in aigc.objects_in(item.id, item.fields)
    ]
    if not values:
        return None
    if len(values) > 1:
        return Found(None, f"there are {len(values)} AIGC objects, and exactly one may be there")
    place, text = values[0]
    try:
        return Found(aigc.parsed(text), "")
    except ValueError as exc:
        return Found(None, f"the AIGC object in {place}: {exc}")


def single(subject: Subject) -> dict[str, str] | None:
    """Return the ``AIGC`` object where there is exactly one, and it is sound."""
    one = found(subject)
    return None if one is None else one.value

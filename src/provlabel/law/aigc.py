"""The ``AIGC`` objects of a file (GB 45438-2025 §6.1, Annex E); there should be one."""

from __future__ import annotations

from typing import NamedTuple

from provlabel.carriers.vocabularies import aigc
from provlabel.evidence import mapping
from provlabel.law.records import Subject
from provlabel.law.subjects import words_of


class Found(NamedTuple):
    """One object, and where it lies."""

    place: str
    object: aigc.AigcObject

    @property
    def readable(self) -> bool:
        """Does it say anything?"""
        return any(self.object.values.values())


def found(subject: Subject) -> tuple[Found, ...]:
    """Return every ``AIGC`` object of the file; what was cut off in reading is no fault of the object."""
    return tuple(
        Found(item.place or item.id, _excused(_read(placed)) if item.faults else _read(placed))
        for item in subject.carriers
        for placed in aigc.placed_in(item.id, item.fields)
    )


def _read(placed: aigc.PlacedObject) -> aigc.AigcObject:
    item = aigc.read(placed.text)
    if placed.named:
        return item
    return item._replace(
        doubts=(
            "it stands in a field without AIGC in its name, which Annex E a asks for in the name or in a keyword",
            *item.doubts,
        )
    )


def _excused(item: aigc.AigcObject) -> aigc.AigcObject:
    if any(item.values.values()):
        return item
    return item._replace(wrong=(), doubts=("it could not be read in full",))


def producers(subject: Subject) -> list[str]:
    """Return each ``ContentProducer``: of the objects in the file, or the one that a label file asks for."""
    if subject.state is None:
        names = [words_of(mapping(mapping(subject.label).get("china")).get("producer"))]
    else:
        names = [item.object.values["ContentProducer"] for item in found(subject)]
    return list(dict.fromkeys(filter(None, names)))

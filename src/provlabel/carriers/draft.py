"""A draft of a label, from what the carriers of a file say.  Pure.

Nothing signs what carriers say, so a person reads the draft, finishes it and signs it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec

from provlabel._support.types import ready
from provlabel.carriers.vocabularies import PROJECTIONS
from provlabel.carriers.vocabularies.marks import claims_in
from provlabel.evidence import Carrier
from provlabel.label import Label
from provlabel.label.records import SCHEMA


class Draft(NamedTuple):
    """A plain label, and for people where each part of it came from."""

    label: dict[str, Any]
    lines: tuple[str, ...]


def drafted(carriers: Collection[Carrier]) -> Draft:
    """Return what the carriers say as a label; where two say something, the first in the table of projections counts.

    A kind is only drafted where a carrier states one; marks of generators are listed for whoever decides.
    """
    label: dict[str, Any] = {"schema": SCHEMA}
    lines: list[str] = []
    for projection in PROJECTIONS:
        for item in carriers:
            if item.id != projection.carrier:
                continue
            for field, loaded in projection.load(item.fields).items():
                value = _fitting(field, loaded)
                if value != loaded:
                    lines.append(f"{field}: not all that {item.place} says can stand in a label")
                if value and field not in label:
                    label[field] = value
                    lines.append(f"{field}: from {item.place}")
                elif value and label[field] != value:
                    lines.append(f"{field}: {item.place} says something else")
    lines += [f"{item.place} claims: {text}" for item in carriers for text in claims_in(item.id, item.fields)]
    lines += [f"{item.place} cannot be read: {fault}" for item in carriers for fault in item.faults]
    if "kind" not in label:
        lines.append("kind: nothing in the file states it; add it before you sign")
    lines.append("a draft of unsigned claims: read it, run provlabel lint, then sign it with --label")
    return Draft(label, tuple(lines))


def _fitting(field: str, value: Any) -> Any:
    """Return what of a value the schema of a label takes: items of a list and members of a record by themselves."""
    if _fits(field, value):
        return value
    if isinstance(value, list):
        return [item for item in value if _fits(field, [item])]
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if _fits(field, {key: item})}
    return None


def _fits(field: str, value: Any) -> bool:
    try:
        msgspec.convert({"kind": "human_made", field: value}, ready(Label))
    except msgspec.ValidationError:
        return False
    return True

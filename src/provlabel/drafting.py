"""A draft of a label, from what the carriers of a file say.  Pure.

Nothing signs what carriers say, so a person reads the draft, finishes it and signs it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from provlabel.evidence import Carrier
from provlabel.label.records import SCHEMA
from provlabel.mappings import PROJECTIONS
from provlabel.mappings.marks import claims_in


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
            for field, value in projection.load(item.fields).items():
                if field not in label:
                    label[field] = value
                    lines.append(f"{field}: from {item.place}")
                elif label[field] != value:
                    lines.append(f"{field}: {item.place} says something else")
    lines += [f"{item.place} claims: {text}" for item in carriers for text in claims_in(item.id, item.fields)]
    lines += [f"{item.place} cannot be read: {fault}" for item in carriers for fault in item.faults]
    if "kind" not in label:
        lines.append("kind: nothing in the file states it; add it before you sign")
    lines.append("a draft of unsigned claims: read it, run provlabel lint, then sign it with --label")
    return Draft(label, tuple(lines))

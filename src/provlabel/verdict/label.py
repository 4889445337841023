"""The axis label: what the signer says about AI, and whether it holds together."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from provlabel._support.types import ready
from provlabel.evidence import Manifest
from provlabel.label.records import SCHEMA, Label
from provlabel.label.vocabularies import AI_KINDS, KINDS, SOURCE_TYPES
from provlabel.report import Finding, LabelState, finding

INCEPTION = frozenset({"c2pa.created", "c2pa.opened"})


def label_axis(active: Manifest) -> tuple[tuple[LabelState, ...], list[Finding]]:
    """Judge what the active manifest says about AI; several states can hold at once."""
    findings = [*_label_vocabulary(active), *_label_contradictions(active), *_label_vouching(active)]
    states: list[LabelState] = []
    if active.label is not None or any(is_ai(item.source_type) for item in active.actions):
        states.append("present")
    for rule, state in _LABEL_STATES:
        if any(item.rule == rule for item in findings):
            states.append(state)
    return tuple(states) or ("none",), findings


_LABEL_STATES: tuple[tuple[str, LabelState], ...] = (
    ("label.unknown-value", "unknown-value"),
    ("label.contradictory", "contradictory"),
    ("label.unvouched", "unvouched"),
)


def is_ai(source_type: str) -> bool:
    """Does this digital source type say that AI took part?"""
    return SOURCE_TYPES.get(source_type) in AI_KINDS


def _kind(active: Manifest) -> str | None:
    kind = active.label.get("kind") if isinstance(active.label, dict) else None
    return kind if isinstance(kind, str) else None


def _label_vocabulary(active: Manifest) -> Iterator[Finding]:
    for item in active.actions:
        if item.source_type and item.source_type not in SOURCE_TYPES:
            yield finding("label.unknown-value", f"digitalSourceType {item.source_type}", at=item.action)
    if active.label is None and not active.labels:
        return
    if _kind(active) not in KINDS:
        yield finding("label.unknown-value", f"kind {_kind(active)}", at="org.provlabel.label")
    schema = active.label.get("schema") if isinstance(active.label, dict) else None
    if schema != SCHEMA:
        yield finding("label.newer-schema", f"schema {schema}", at="org.provlabel.label")
        return
    try:
        msgspec.convert(active.label, ready(Label))
    except msgspec.ValidationError as exc:
        yield finding("label.malformed", str(exc), at="org.provlabel.label")


def _label_contradictions(active: Manifest) -> Iterator[Finding]:
    inceptions = [item for item in active.actions if item.action in INCEPTION]
    if len(inceptions) > 1:
        stated = ", ".join(f"{item.action} {item.source_type}".strip() for item in inceptions)
        yield finding("label.contradictory", f"more than one beginning: {stated}")
    if active.labels > 1:
        yield finding("label.contradictory", f"{active.labels} labels in one manifest")
    facts = KINDS.get(_kind(active) or "")
    if facts is None:
        return
    stated_types = {item.source_type for item in active.actions if item.source_type in SOURCE_TYPES}
    says_ai = any(map(is_ai, stated_types))
    if stated_types and facts.digital_source_type not in stated_types:
        shown = ", ".join(sorted(stated_types))
        yield finding("label.contradictory", f"the label says {_kind(active)}, the actions say {shown}")
    elif says_ai and _kind(active) not in AI_KINDS:
        yield finding("label.contradictory", f"the label says {_kind(active)}, an action says AI took part")


def _label_vouching(active: Manifest) -> Iterator[Finding]:
    if active.label is not None and not active.label_vouched:
        yield finding("label.unvouched", at="org.provlabel.label")
    for item in active.actions:
        if item.source_type and not item.vouched:
            yield finding("label.unvouched", f"action {item.action}", at=item.action)

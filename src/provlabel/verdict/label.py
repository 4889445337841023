"""The axis label: what the signer says about AI, and whether it holds together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator

import msgspec

from provlabel._support.types import ready
from provlabel.evidence import Manifest, mapping
from provlabel.label.loading import moment
from provlabel.label.records import SCHEMA, Label
from provlabel.label.vocabularies import AI_KINDS, KINDS, NOT_AI, SOURCE_TYPES
from provlabel.manifest.beside import beside_label
from provlabel.report import Finding, LabelState, Relation, finding
from provlabel.verdict.ai import Statement

INCEPTION = frozenset({"c2pa.created", "c2pa.opened"})


def label_axis(
    active: Manifest, said: Iterable[Statement], before: Collection[Relation], at: dt.datetime
) -> tuple[tuple[LabelState, ...], list[Finding]]:
    """Judge what the active manifest says about AI; several states can hold at once.

    ``said`` is what the whole file says about AI beside the label, which is held against it; ``before``, how the file
    came from what says that AI took part.  A label, and the work of people, that the signer only passes on count as
    none; what is passed on about AI counts, and is not theirs.
    """
    findings = [
        *_label_vocabulary(active),
        *_label_contradictions(active),
        *_otherwise_said(active, said),
        *_label_vouching(active),
        *_future(active, at),
    ]
    states: list[LabelState] = ["present"] if _has_label(active) else []
    states += sorted(before, reverse=True)  # inherited, contains
    for rule, state in _LABEL_STATES:
        if state not in states and any(item.rule == rule for item in findings):
            states.append(state)
    return tuple(states) or ("none",), findings


_LABEL_STATES: tuple[tuple[str, LabelState], ...] = (
    ("label.unknown-value", "unknown-value"),
    ("label.contradictory", "contradictory"),
    ("label.contradicts-history", "contradictory"),
    ("carrier.contradicts", "contradictory"),
    ("label.unvouched", "unvouched"),
    ("label.gathered", "unvouched"),
)


def _has_label(active: Manifest) -> bool:
    """Is there a label of ours that its signer stands for, or do standard assertions say that AI took part?"""
    if active.label is not None and active.label_vouched:
        return True
    return any(is_ai(item.source_type) for item in active.actions) or any(beside_label(active))


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
        if item.spelled:
            yield finding("label.spelling", f"digitalSourceType {item.spelled}", at=item.action)
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


#: Which rule a statement about AI breaks that stands beside a label of no AI.
_OTHERWISE = {
    "manifest": "label.contradictory",
    "history": "label.contradicts-history",
    "carrier": "carrier.contradicts",
}


def _otherwise_said(active: Manifest, said: Iterable[Statement]) -> Iterator[Finding]:
    """Hold the label against what the rest of the file says about AI; marks are told where they agree, too."""
    kind = _kind(active)
    for item in said:
        if kind in NOT_AI:
            yield finding(_OTHERWISE[item.where], f"{item.words}; the signed label says {kind}", at=item.at)
        elif kind == "may_contain_ai":
            yield finding("label.says-less", item.words, at=item.at)
        elif item.where == "carrier":
            yield finding("carrier.mark", item.words, at=item.at)


def _future(active: Manifest, at: dt.datetime) -> Iterator[Finding]:
    """A day has passed everywhere when the next one has begun in the last zone."""
    for name in ("event_time", "event_end"):
        text = mapping(active.label).get(name)
        when = moment(text) if isinstance(text, str) else None
        if when is not None and when.tzinfo is not None and when - at > _A_DAY:
            yield finding("label.future", f"{name} {text}", at=f"org.provlabel.label/{name}")


_A_DAY = dt.timedelta(days=1)


def _label_vouching(active: Manifest) -> Iterator[Finding]:
    if active.label is not None and not active.label_vouched:
        yield finding("label.unvouched", at="org.provlabel.label")
    for item in active.actions:
        if item.source_type and not item.vouched:
            yield finding("label.gathered", f"action {item.action}", at=item.action)
    for words, name in beside_label(active):
        if name in active.gathered:
            yield finding("label.gathered", words, at=name)

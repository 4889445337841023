"""Facts that stand in the label."""

from __future__ import annotations

from provlabel.evidence import mapping
from provlabel.label.fields import has_field
from provlabel.label.loading import moment
from provlabel.law.checks.answers import held, judge, lacking
from provlabel.law.edits import by_ai, is_minor
from provlabel.law.records import Given, Outcome, Subject
from provlabel.law.subjects import entries, standing, unsigned_yet, words_of


def fields(subject: Subject, given: Given) -> Outcome:
    """The label has every field of ``fields``; in a list, each element has it."""
    if refused := standing(subject):
        return refused
    missing = [name for name in given.fields if not has_field(mapping(subject.label), name.split("."))]
    if missing:
        return lacking(f"the label does not have {' or '.join(missing)}")
    return held(f"the label has {' and '.join(given.fields)}")


def detector(subject: Subject, _given: Given) -> Outcome:
    """The label names the detector to use, which is one of the four ways of the Code (EU-7)."""
    counts = standing(subject) is None
    if counts and words_of(mapping(subject.label).get("detector_url")):
        return held("the label names the detector to use (detector_url)")
    return judge("no detector is named (detector_url); whether another of the four ways is taken, no file says")


def event_time(subject: Subject, _given: Given) -> Outcome:
    """The label states time and date of the creation or alteration."""
    if refused := standing(subject):
        return refused
    text = words_of(mapping(subject.label).get("event_time"))
    if moment(text) is None:
        return lacking("the label states no time and date of the creation or alteration (event_time)")
    return held("the label has event_time, as the signer claims")


def content_id(subject: Subject, _given: Given) -> Outcome:
    """There is a unique identifier: of the label, or the identifier of the manifest."""
    if refused := standing(subject):
        return refused
    if any(words_of(item.get("value")) for item in entries(subject, "identifiers")):
        return held("the label has an identifier of the content")
    if subject.manifest:
        return held("the manifest has a unique identifier, bound to the content")
    return unsigned_yet(subject, "the identifier of the manifest") or lacking("there is no unique identifier")


def operations(subject: Subject, _given: Given) -> Outcome:
    """The label says what AI did, closely enough to tell whether it was one of the eight minor modifications (CA-9)."""
    if refused := standing(subject):
        return refused
    done = by_ai(subject)
    if not done:
        return judge("the label does not say which operations AI applied, and so not whether they were minor")
    minor = [is_minor(item) for item in done]
    if None in minor and False not in minor:
        return judge("the label does not say closely enough how AI did it (technique)")
    return held("the label has the operations, closely enough to tell minor modifications")

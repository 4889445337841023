"""Marks that programs read: signed metadata, watermarks, and the history."""

from __future__ import annotations

from provlabel.evidence import mapping
from provlabel.label.vocabularies import SURELY_AI
from provlabel.law.checks.answers import held, judge, lacking
from provlabel.law.checks.facts import event_time
from provlabel.law.records import Given, Outcome, Subject
from provlabel.law.subjects import (
    altered,
    entries,
    fingerprints,
    generating,
    kind_of,
    short,
    standing,
    unsigned_yet,
    watermarks,
    words_of,
)


def signed_mark(subject: Subject, _given: Given) -> Outcome:
    """Signed metadata in the file say that AI made or altered the content."""
    if refused := standing(subject):
        return refused
    if subject.state is None:
        kind = kind_of(subject)
        return held(f"the label says {kind}, which is signed with it") if kind in SURELY_AI else _silent(subject)
    stating = generating(subject.actions)
    if not stating:
        return _silent(subject)
    if subject.source == "sidecar":
        return judge("the manifest lies beside the file: whoever passes on the file alone passes on no mark")
    return held(f"a signed action says {short(stating[0].source_type)}")


def _silent(subject: Subject) -> Outcome:
    if kind_of(subject) == "may_contain_ai":
        return judge("the label says only that there may be AI in it")
    if subject.elsewhere:
        return judge(f"{subject.elsewhere}; whether that marks the file as it is now is for people to say")
    return lacking("what is signed does not say that AI made or altered the content")


def signature(subject: Subject, _given: Given) -> Outcome:
    """A signature holds over all metadata, with a timestamp where one was available."""
    if subject.state is None:
        return Outcome("outside the file", "the signature comes with signing; verify the file itself")
    if refused := standing(subject):
        return refused
    if not subject.stamped:
        return judge("the signature holds; it has no timestamp, and whether one was available is in no file")
    return held("the signature holds, and has a timestamp")


def watermark(subject: Subject, _given: Given) -> Outcome:
    """A watermark is stated; it is not looked for in the sound or picture."""
    if refused := standing(subject):
        return refused
    if found := watermarks(subject):
        return held(f"the signer states a watermark ({found[0]}); it was not looked for")
    if printed := fingerprints(subject):
        return lacking(f"only a fingerprint is stated ({printed[0]}), which is no mark in the content")
    if subject.bindings:
        return judge(f"there is a soft binding ({subject.bindings[0]}); whether it is a watermark is not known")
    return lacking("no watermark is stated")


def not_fingerprint_alone(subject: Subject, given: Given) -> Outcome:
    """Beside a fingerprint there is a signed mark or a watermark."""
    mark = signed_mark(subject, given)
    if mark.outcome == "held" or watermark(subject, given).outcome == "held":
        return held("beside the fingerprint there is a signed mark or a watermark")
    return mark


def lasting(subject: Subject, given: Given) -> Outcome:
    """A signed manifest and a watermark: the safe reading of a mark that is hard to remove (CA-8)."""
    mark = signed_mark(subject, given)
    if mark.outcome != "held":
        return mark
    if watermark(subject, given).outcome == "held":
        return held("there is a signed manifest, and the signer states a watermark")
    return judge("no watermark is stated; whether a manifest alone is hard enough to remove is doubtful")


def inputs_kept(subject: Subject, _given: Given) -> Outcome:
    """Every AI mark of an input is still there; only inputs with a manifest are recorded with their marks."""
    if early := unsigned_yet(subject, "the history"):
        return early
    if refused := standing(subject):
        return refused
    if not subject.inputs:
        return judge("the content was altered, and no input is recorded, so that its marks are not known")
    for item in subject.inputs:
        if item.marked and not item.kept:
            return lacking("an input was marked as made by AI, and its manifest does not hold any more")
        if item.marked is None:
            return judge("an input came without a manifest; whether other marks of it were kept is not recorded")
    if any(item.marked for item in subject.inputs) and kind_of(subject) not in SURELY_AI:
        return judge("an input was marked as made by AI, and the label of what was made from it does not say so")
    return held("the manifest of every input is still there, with its marks")


def no_secrets(subject: Subject, _given: Given) -> Outcome:
    """The public part of a label has no text of a prompt and no names of people."""
    if subject.state is None:
        return held("words of the prompt and names are left out of what is signed, or go to the personal assertion")
    if refused := standing(subject):
        return refused
    label = mapping(subject.label)
    if subject.prompt_in_core or mapping(label.get("prompt")).get("text"):
        return lacking("the words of the prompt stand in an assertion that is not for personal data")
    if any(item.get("name") for item in entries(subject, "people")):
        return lacking("names of people stand in an assertion that is not for personal data")
    return held("neither words of the prompt nor names of people stand in it; other texts were not searched")


_ALTERING = "c2pa.opened"
_CREATING = "c2pa.created"


def created_or_altered(subject: Subject, _given: Given) -> Outcome:
    """``c2pa.created``, or ``c2pa.opened`` and an action, with a generative source type (CA-5)."""
    if refused := standing(subject):
        return refused
    kind = kind_of(subject)
    if subject.state is None:
        generative = kind in SURELY_AI and kind != "composite_synthetic"
        origin = "altered" if altered(subject) else "created"
        return held(f"the label says {kind} and {origin}") if generative else _not_generative(kind)
    stating = [item for item in generating(subject.actions) if short(item.source_type) != "compositeSynthetic"]
    names = {item.action for item in subject.actions}
    created = any(item.action == _CREATING for item in stating)
    changed = _ALTERING in names and any(item.action not in (_CREATING, _ALTERING) for item in stating)
    if created or changed:
        return held(f"signed actions say {'created' if created else 'altered'}, by {short(stating[0].source_type)}")
    return _not_generative(kind)


def _not_generative(kind: str | None) -> Outcome:
    if kind in ("composite_synthetic", "may_contain_ai"):
        return judge(f"{kind} says that there is something synthetic, and not what the system created or altered")
    return lacking("nothing signed says that the system created or altered the content, with a generative source type")


def resource_id(subject: Subject, given: Given) -> Outcome:
    """A signed mark with an identifier of the resource that made it (IN-2, rule 3(3)(a)(ii))."""
    mark = signed_mark(subject, given)
    if mark.outcome != "held":
        return mark
    if any(words_of(item.get("identifier")) for item in entries(subject, "systems")):
        return held("what is signed has an identifier of a system")
    return judge("there is a signed mark; whether it identifies the resource of the intermediary, a person has to say")


def mark_and_time(subject: Subject, given: Given) -> Outcome:
    """A signed mark with time and date (UT-1, §13-72c-203)."""
    mark = signed_mark(subject, given)
    return mark if mark.outcome != "held" else event_time(subject, given)


def mark_or_watermark(subject: Subject, given: Given) -> Outcome:
    """A signed manifest is enough; it is unsettled whether a watermark alone is (WA-1, CT-1)."""
    mark = signed_mark(subject, given)
    if mark.outcome == "not held" and watermarks(subject) and standing(subject) is None:
        return judge("a watermark is stated and no signed mark; whether that alone is enough is unsettled")
    return mark


def machine_mark(subject: Subject, given: Given) -> Outcome:
    """A mark that programs read; whether tags that nothing signs, or a watermark, are enough is for people."""
    mark = signed_mark(subject, given)
    if mark.outcome != "not held" or subject.state == "invalid":
        return mark
    if subject.claims_ai or watermarks(subject):
        return judge(
            "there are only tags that nothing signs, or a watermark; whether that is enough is for people to say"
        )
    return mark

"""What must hold: one small pure function for each check, by the name that ``law/*.toml`` uses.

A check says only what the file and its signer tell.  Where a person has to decide, it says so and what about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from provlabel.evidence import mapping
from provlabel.label.fields import has_field
from provlabel.label.loading import moment
from provlabel.label.vocabularies import IPTC, SURELY_AI
from provlabel.law import aigc
from provlabel.law.conditions import producer_of
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
    xmp_types,
)

Check = Callable[[Subject, Given], Outcome]


def held(why: str) -> Outcome:
    """Answer that what the rule asks for is there."""
    return Outcome("held", why)


def lacking(why: str) -> Outcome:
    """Answer that it is not."""
    return Outcome("not held", why)


def judge(why: str) -> Outcome:
    """Answer that a person has to decide."""
    return Outcome("needs a human judgement", why)


# --- no file shows it ------------------------------------------------------------------------------


def outside_the_file(_subject: Subject, given: Given) -> Outcome:
    """A duty that no file can show."""
    return Outcome("outside the file", given.why)


def human_judgement(_subject: Subject, given: Given) -> Outcome:
    """Something that only a person can decide, or on which the map of standards is uncertain."""
    return judge(given.why)


# --- marks that programs read ----------------------------------------------------------------------


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


# --- facts in the label ----------------------------------------------------------------------------


def fields(subject: Subject, given: Given) -> Outcome:
    """The label has every field of ``fields``; in a list, each element has it."""
    if refused := standing(subject):
        return refused
    missing = [name for name in given.fields if not has_field(mapping(subject.label), name.split("."))]
    if missing:
        return lacking(f"the label does not have {' or '.join(missing)}")
    return held(f"the label has {' and '.join(given.fields)}")


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


def operations(subject: Subject, _given: Given) -> Outcome:
    """The label lists the operations; without them, a minor modification cannot be recognized (CA-9)."""
    if refused := standing(subject):
        return refused
    if any(words_of(item.get("operation")) for item in entries(subject, "operations")):
        return held("the label has the operations")
    return judge("the label does not say which operations were applied, and so not whether they were minor")


def resource_id(subject: Subject, given: Given) -> Outcome:
    """A signed mark with an identifier of the resource that made it (IN-2)."""
    mark = signed_mark(subject, given)
    if mark.outcome != "held":
        return mark
    if any(words_of(item.get("identifier")) for item in entries(subject, "systems")):
        return held("what is signed has an identifier of a system")
    return judge("there is a signed mark; whether it identifies the resource of the intermediary, a person has to say")


def mark_and_time(subject: Subject, given: Given) -> Outcome:
    """A signed mark with time and date (UT-1)."""
    mark = signed_mark(subject, given)
    return mark if mark.outcome != "held" else event_time(subject, given)


def mark_or_watermark(subject: Subject, given: Given) -> Outcome:
    """A signed manifest is enough; it is unsettled whether a watermark alone is (WA-1)."""
    mark = signed_mark(subject, given)
    if mark.outcome == "not held" and watermarks(subject) and standing(subject) is None:
        return judge("a watermark is stated and no signed mark; whether that alone is enough is unsettled")
    return mark


# --- marks that people see or hear -----------------------------------------------------------------


def disclosure(subject: Subject, given: Given) -> Outcome:
    """The signer states a mark for people, of a kind that suits the medium, with the ``words`` that it needs.

    Whether it is really there, no program sees: a statement decides, and where there is none a person has to look.
    """
    if (refused := standing(subject)) and refused.outcome != "not held":
        return refused
    shown = [] if refused else entries(subject, "disclosure")
    if not shown:
        return judge("no mark that people can see or hear is stated (disclosure); somebody has to look or listen")
    kinds = given.kinds.get(subject.media, ()) if subject.media else ()
    right = [item for item in shown if not kinds or item.get("kind") in kinds]
    if not right:
        return lacking(f"the signer states a mark, but none of the kind {' or '.join(kinds)}")
    answers = [_disclosed(item, given) for item in right]
    return min(answers, key=lambda answer: ("held", "needs a human judgement", "not held").index(answer.outcome))


def _disclosed(item: Mapping[str, Any], given: Given) -> Outcome:
    if given.words and item.get("kind") == "text" and (answer := _worded(item, given)) is not None:
        return answer
    place = words_of(item.get("place"))
    if given.place and not place:
        return judge("the signer states a mark, and not where it stands")
    if given.first and item.get("kind") == "audio" and not _AT_START.search(place):
        return judge("the signer states a spoken mark, and not that it stands at the start (place)")
    language = words_of(item.get("language"))
    if given.language and language.lower().split("-")[0] != given.language:
        return judge(f"the signer states a mark in the language {language or '(none stated)'}; is that of the content?")
    return held(f"the signer states a mark for people: {item.get('kind')}")


_AT_START = re.compile(r"\b(start|beginning|first)\b", re.IGNORECASE)


def _worded(item: Mapping[str, Any], given: Given) -> Outcome | None:
    """Say what is wrong with the text of a mark; other languages have other words, which people have to read."""
    text = words_of(item.get("text"))
    if not text:
        return judge("the signer states a text as mark, and not its words")
    if all(any(_has_word(text, word) for word in group) for group in given.words):
        return None
    wanted = " and ".join("/".join(group) for group in given.words)
    if not given.words_in or words_of(item.get("language")).lower().split("-")[0] in ("", *given.words_in):
        return lacking(f"the words of the mark are not those that it needs: {wanted}")
    return judge(f"the words of the mark are in another language; do they say {wanted}?")


def _has_word(text: str, word: str) -> bool:
    """Is the word there; one of Latin letters by itself, not inside of another?"""
    if word.isascii():
        return re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", text) is not None
    return word in text


def accessible(subject: Subject, _given: Given) -> Outcome:
    """Every mark for people that is stated has an accessible alternative (EU-24)."""
    if (refused := standing(subject)) and refused.outcome != "not held":
        return refused
    shown = [] if refused else entries(subject, "disclosure")
    if not shown:
        return judge("no mark that people can see or hear is stated (disclosure), and so no alternative of it")
    if all(words_of(item.get("alternative")) for item in shown):
        return held("the signer states an accessible alternative for each mark")
    return judge("a mark has no accessible alternative in the label; it may stand on the page that shows the file")


def beside_machine_mark(subject: Subject, given: Given) -> Outcome:
    """A mark for programs alone is not enough (EU-25)."""
    answer = disclosure(subject, given)
    if answer.outcome == "held":
        return held("beside the mark for programs, the signer states one for people")
    return Outcome(answer.outcome, f"a mark for programs does not do; {answer.why}")


def marked_or_noticed(subject: Subject, given: Given) -> Outcome:
    """A mark for people, or one for programs beside a notice that was given once (KR-1)."""
    if disclosure(subject, given).outcome == "held":
        return held("the signer states a mark that people can see or hear")
    mark = signed_mark(subject, given)
    if mark.outcome == "held":
        return judge(
            "there is only a mark for programs; whether people were told once, in words or speech, no file says"
        )
    if subject.claims_ai and subject.state != "invalid":
        return judge("only tags that nothing signs mark the file; whether people were told once, no file says")
    return mark


# --- China -----------------------------------------------------------------------------------------


def aigc_object(subject: Subject, _given: Given) -> Outcome:
    """Exactly one valid ``AIGC`` object (CN-1)."""
    if early := unsigned_yet(subject, "the AIGC object"):
        return early
    one = aigc.found(subject)
    if one is None:
        return _no_object(subject)
    return lacking(one.fault) if one.value is None else held("there is one AIGC object, with its keys in order")


def _no_object(subject: Subject) -> Outcome:
    if subject.state == "unreadable":
        return judge("the file could not be read, so that nothing is known")
    broken = [item for item in subject.carriers if item.faults]
    if broken:
        return judge(f"no AIGC object was found, but {broken[0].id} could not be read in full")
    return lacking("there is no AIGC object in the file")


def aigc_producer(subject: Subject, _given: Given) -> Outcome:
    """``Label`` is 1, and provider and number of the content are named (CN-2)."""
    if subject.state is None:
        return _codes_of_label(subject)
    one = aigc.found(subject)
    if one is None:
        return _no_object(subject)
    if one.value is None:
        return lacking(one.fault)
    empty = [name for name in ("ContentProducer", "ProduceID") if not one.value[name]]
    if empty:
        return lacking(f"{' and '.join(empty)} of the AIGC object is empty")
    if one.value["Label"] in ("2", "3"):
        return judge("Label of the AIGC object says possibly or suspected, which is for platforms to say")
    if one.value["Label"] != "1":
        return lacking("Label of the AIGC object is not 1")
    return held("Label is 1, and ContentProducer and ProduceID are filled in")


def _codes_of_label(subject: Subject) -> Outcome:
    codes = mapping(mapping(subject.label).get("china"))
    missing = [name for name in ("producer", "produce_id") if not words_of(codes.get(name))]
    if missing:
        return lacking(f"the label does not have {' or '.join(f'china.{name}' for name in missing)}")
    return held("the label has china.producer and china.produce_id")


# 00, 1 an organisation, 1 the code is a USCC, its 18 characters, 1 generation or 2 propagation, model or filler.
_PRODUCER = re.compile(r"0011[0-9A-Z]{18}1[0-9A-Z]{4}")
_LENGTH = 27  # characters of a code


def provider_code(subject: Subject, _given: Given) -> Outcome:
    """The code of the provider has the form of TC260-PG-20252A (CN-3); sources differ on the filler at its end."""
    code = producer_of(subject) or ""
    if _PRODUCER.fullmatch(code):
        return held("ContentProducer has the form of a provider code")
    if len(code) == _LENGTH + 1 and code.endswith("00000") and _PRODUCER.fullmatch(code[:-1]):
        return judge("ContentProducer ends with five zeros, where another source has four; the guide was not read")
    if len(code) == _LENGTH and code[2:4] != "11":
        return judge("ContentProducer begins as no code of an organisation; other beginnings are not known here")
    return lacking("ContentProducer has not the form of a provider code of 27 characters")


def propagator(subject: Subject, _given: Given) -> Outcome:
    """A distributor fills in both of its fields (CN-5)."""
    one = aigc.single(subject)
    if one is None:
        return judge("the AIGC object could not be read")
    empty = [name for name in ("ContentPropagator", "PropagateID") if not one[name]]
    if empty:
        return lacking(f"{' and '.join(empty)} of the AIGC object is empty, where a distributor fills in both")
    return held("ContentPropagator and PropagateID are filled in; whether the rest was left alone, no file says")


def not_c2pa_alone(subject: Subject, given: Given) -> Outcome:
    """Beside a manifest there is an ``AIGC`` object (CN-6)."""
    answer = aigc_object(subject, given)
    return held("beside the manifest there is an AIGC object") if answer.outcome == "held" else answer


# --- platforms -------------------------------------------------------------------------------------


def signal(subject: Subject, given: Given) -> Outcome:
    """A platform reads what the file says: a digital source type in XMP, or a manifest."""
    types = xmp_types(subject)
    if read := types & frozenset(given.xmp):
        return held(f"XMP says {min(read)}")
    if subject.state in (None, "trusted", "valid"):
        return _in_manifest(subject, given)
    if beta := types & frozenset(given.xmp_beta):
        return judge(f"XMP says {min(beta)}, which is read in a beta")
    if subject.state in ("remote", "unreadable"):
        return judge("what the file says could not be read in full")
    return lacking("the file has nothing that is read" + (": no source type in XMP, no manifest" if given.xmp else ""))


def _in_manifest(subject: Subject, given: Given) -> Outcome:
    mark = signed_mark(subject, given)
    if mark.outcome != "held":
        return mark
    if given.c2pa == "some":
        return judge("there is a manifest; only some are read, and it is not known which")
    types = {item.source_type for item in generating(subject.actions)}
    whole = kind_of(subject) == "ai_generated" if subject.state is None else IPTC + "trainedAlgorithmicMedia" in types
    if given.c2pa == "generated" and not whole:
        return judge("the manifest says that AI made parts; what is known is about wholly generated content alone")
    return mark


CHECKS: dict[str, Check] = {
    "outside-the-file": outside_the_file,
    "human-judgement": human_judgement,
    "signed-mark": signed_mark,
    "signature": signature,
    "watermark": watermark,
    "not-fingerprint-alone": not_fingerprint_alone,
    "lasting": lasting,
    "inputs-kept": inputs_kept,
    "no-secrets": no_secrets,
    "fields": fields,
    "event-time": event_time,
    "content-id": content_id,
    "created-or-altered": created_or_altered,
    "operations": operations,
    "resource-id": resource_id,
    "mark-and-time": mark_and_time,
    "mark-or-watermark": mark_or_watermark,
    "disclosure": disclosure,
    "accessible": accessible,
    "beside-machine-mark": beside_machine_mark,
    "marked-or-noticed": marked_or_noticed,
    "aigc-object": aigc_object,
    "aigc-producer": aigc_producer,
    "provider-code": provider_code,
    "propagator": propagator,
    "not-c2pa-alone": not_c2pa_alone,
    "signal": signal,
}

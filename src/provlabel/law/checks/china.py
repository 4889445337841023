"""The ``AIGC`` object of China (GB 45438-2025)."""

from __future__ import annotations

import re

from provlabel.evidence import mapping
from provlabel.law import aigc
from provlabel.law.checks.answers import held, judge, lacking
from provlabel.law.conditions import producer_of
from provlabel.law.records import Given, Outcome, Subject
from provlabel.law.subjects import unsigned_yet, words_of


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

"""The ``AIGC`` object of China (GB 45438-2025 §6.1 and Annex E).  Each rule fails by its own cause alone."""

from __future__ import annotations

import re
from collections.abc import Callable

from provlabel.carriers.vocabularies.aigc import PROPAGATION
from provlabel.evidence import mapping
from provlabel.law import aigc
from provlabel.law.checks.answers import held, judge, lacking
from provlabel.law.records import Given, Outcome, Subject
from provlabel.law.subjects import unsigned_yet, words_of

_WORST = ("not held", "needs a human judgement", "held")


def aigc_object(subject: Subject, _given: Given) -> Outcome:
    """One ``AIGC`` object in the form of Annex E (CN-1); what that neither allows nor forbids is for people."""
    if early := unsigned_yet(subject, "the AIGC object"):
        return early
    objects = aigc.found(subject)
    if not objects:
        return _no_object(subject)
    if len(objects) > 1:
        return lacking(f"there are {len(objects)} AIGC objects, and exactly one may be there")
    place, item = objects[0]
    if item.wrong:
        return lacking(f"the AIGC object in {place}: {'; '.join(item.wrong)}")
    if item.doubts:
        return judge(f"the AIGC object in {place}: {'; '.join(item.doubts)}; whether that will do is for people to say")
    return held("there is one AIGC object, in the form of the standard")


def _no_object(subject: Subject) -> Outcome:
    if subject.state == "unreadable":
        return judge("the file could not be read, so that nothing is known")
    if not subject.tags_read:
        return judge("tags of this format are not read here, and an AIGC object may stand among them")
    broken = [item for item in subject.carriers if item.faults]
    if broken:
        return judge(f"no AIGC object was found, but {broken[0].id} could not be read in full")
    return lacking("there is no AIGC object in the file")


def _of_each(subject: Subject, check: Callable[[aigc.Found], Outcome]) -> Outcome:
    """Return the worst answer of all objects; how many there are, and their form, is a matter of CN-1."""
    objects = aigc.found(subject)
    if not objects:
        return _no_object(subject)
    answers = [check(item) if item.readable else judge("the AIGC object could not be read") for item in objects]
    return min(answers, key=lambda answer: _WORST.index(answer.outcome))


def aigc_producer(subject: Subject, _given: Given) -> Outcome:
    """``Label`` is 1, and provider and number of the content are named (CN-2)."""
    return _codes_of_label(subject) if subject.state is None else _of_each(subject, _produced)


def _produced(item: aigc.Found) -> Outcome:
    values = item.object.values
    empty = [name for name in ("ContentProducer", "ProduceID") if not values[name]]
    if empty:
        return lacking(f"{' and '.join(empty)} of the AIGC object {'is' if len(empty) == 1 else 'are'} empty")
    if values["Label"] in ("2", "3"):
        return judge("Label of the AIGC object says possibly or suspected, which is for platforms to say")
    if values["Label"] != "1":
        return lacking("Label of the AIGC object is not 1")
    return held("Label is 1, and ContentProducer and ProduceID are filled in")


def _codes_of_label(subject: Subject) -> Outcome:
    codes = mapping(mapping(subject.label).get("china"))
    missing = [name for name in ("producer", "produce_id") if not words_of(codes.get(name))]
    if missing:
        return lacking(f"the label does not have {' or '.join(f'china.{name}' for name in missing)}")
    return held("the label has china.producer and china.produce_id")


# 00 for the guide, 11 for an organisation by its credit code, its 18 characters, 5 for service and model, or zeros.
_PRODUCER = re.compile(r"0011[0-9A-Z]{18}[0-9A-Z]{5}")
_LENGTH = 27  # characters of a code


def provider_code(subject: Subject, _given: Given) -> Outcome:
    """The code of the provider has the form of TC260-PG-20252A (CN-3), as far as quotations of the guide tell it.

    The guide binds nobody as the standard does, which takes any name or code: another form is never a breach.
    """
    codes = aigc.producers(subject)
    if all(_PRODUCER.fullmatch(code) for code in codes):
        return held("ContentProducer has the form of a provider code")
    odd = next((len(code) for code in codes if len(code) != _LENGTH), _LENGTH)
    if odd == _LENGTH:
        return judge("ContentProducer has 27 characters, as a provider code, and no form of one that is known here")
    return judge(
        f"ContentProducer begins as a provider code and has {odd} characters, not 27; the standard takes a name or a "
        "code, and the guide on codes was read in quotations only"
    )


def propagator(subject: Subject, _given: Given) -> Outcome:
    """Who passes the content on is named: at the first writing the producer again (CN-5)."""
    return _distributor_of_label(subject) if subject.state is None else _of_each(subject, _propagated)


def _propagated(item: aigc.Found) -> Outcome:
    values = item.object.values
    empty = [name for name in PROPAGATION if not values[name]]
    if len(empty) == 1:
        return lacking(f"{empty[0]} of the AIGC object is empty, of ContentPropagator and PropagateID")
    if empty:
        return judge(
            "ContentPropagator and PropagateID of the AIGC object are empty; at the first writing they repeat the "
            "producer (Annex E, note 1), and many services leave them to whoever passes the content on"
        )
    if [values[name] for name in PROPAGATION] == [values["ContentProducer"], values["ProduceID"]]:
        return held("ContentPropagator and PropagateID repeat the producer, as at the first writing")
    return held("ContentPropagator and PropagateID are filled in; whether the rest was left alone, no file says")


def _distributor_of_label(subject: Subject) -> Outcome:
    codes = mapping(mapping(subject.label).get("china"))
    named = [name for name in ("propagator", "propagate_id") if words_of(codes.get(name))]
    if len(named) == 1:
        return lacking(f"the label has china.{named[0]} alone, of china.propagator and china.propagate_id")
    return held("the label names the distributor" if named else "the object will repeat the producer as distributor")


def not_c2pa_alone(subject: Subject, _given: Given) -> Outcome:
    """Beside a manifest there is an ``AIGC`` object (CN-6)."""
    if early := unsigned_yet(subject, "the AIGC object"):
        return early
    return held("beside the manifest there is an AIGC object") if aigc.found(subject) else _no_object(subject)

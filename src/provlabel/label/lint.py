"""All faults of a label at once, each with its place, what is wrong, and what to do about it.

Two passes: the schema (every violation, with ``jsonschema-rs``), and, on a label that fits it, what
no schema can say.  Nobody downstream checks the latter: the engine signs any of it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from provlabel._support.faults import Fault, nearest, pointer_part
from provlabel._support.text import printable
from provlabel.errors import LabelError
from provlabel.label.about_ai import added_in, ai_in, is_technical
from provlabel.label.identifiers import CANONICAL
from provlabel.label.loading import label_from_dict, moment, shape_faults, unportable
from provlabel.label.records import PERSONAL, Label, Region
from provlabel.label.vocabularies import AI_KINDS, KINDS, NO_SOURCE_NEEDED, NOT_AI, NOT_IN, Medium


def lint(data: Any, *, seconds: float | None = None, media: Medium | None = None) -> tuple[Fault, ...]:
    """Return every fault of ``data``, a label as plain data, for a file of ``media`` (image, audio, video).

    ``seconds`` is how long it plays.

    Semantic checks need a label that fits the schema, so they come only when the schema is content.
    """
    faults = tuple(Fault(at=at, message=what) for at, what in unportable(data, "", 0)) or tuple(shape_faults(data))
    if faults:
        return faults
    try:
        label = label_from_dict(data)
    except LabelError as exc:  # a day that no calendar has
        return tuple(Fault(at=at, message=what, hint="check the calendar") for at, what in exc.faults)
    return semantic_faults(label, seconds=seconds, media=media)


def fixed(data: Any, faults: tuple[Fault, ...]) -> Any:
    """Return a copy of ``data`` with every fault fixed that has one right answer."""
    fixed = msgspec.json.decode(msgspec.json.encode(data))
    for fault in faults:
        if fault.fix is None:
            continue
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in fault.at.split("/")[1:]]
        target = fixed
        for part in way:
            target = target[int(part)] if isinstance(target, list) else target[part]
        target[int(last) if isinstance(target, list) else last] = fault.fix
    return fixed


# --- what no schema says ---------------------------------------------------------------------------


def semantic_faults(label: Label, *, seconds: float | None = None, media: Medium | None = None) -> tuple[Fault, ...]:
    """Return the faults of a label that fits its schema; further arguments are those of :func:`lint`."""
    found = [fault for check in _CHECKS for fault in check(label)]
    if seconds is not None:
        found += _beyond_the_end(label, seconds)
    return (*found, *parts_of_another_medium(label, media))


def parts_of_another_medium(label: Label, media: Medium | None) -> Iterator[Fault]:
    """Yield the contributions to parts that nothing of ``media`` has: artwork of a sound, vocals of a picture."""
    what = "a sound" if media == "audio" else "a picture"
    for index, item in enumerate(label.contributions):
        if item.part in NOT_IN.get(media or "", ()):
            yield Fault(
                at=f"/contributions/{index}/part",
                message=f"{item.part} is no part of {what}",
                hint="label each file with what is in it: a cover is a file of its own",
            )


def _identifiers(label: Label) -> Iterator[Fault]:
    places = [(f"/identifiers/{index}", item) for index, item in enumerate(label.identifiers)]
    places += [
        (f"/people/{index}/identifiers/{place}", item)  # type: ignore[misc]
        for index, person in enumerate(label.people)
        for place, item in enumerate(person.identifiers)
    ]
    for pointer, item in places:
        right = CANONICAL[item.type](item.value)
        if right is None:
            words = f"no {item.type.upper()}: the shape or the check digit is wrong"
            yield Fault(at=f"{pointer}/value", message=words, hint="copy it from where it was issued")
        elif right != item.value:
            yield Fault(
                at=f"{pointer}/value",
                message="not in its plain form",
                hint=f"write {right}",
                level="warning",
                fix=right,
            )


def _references(label: Label) -> Iterator[Fault]:
    """Every name that refers to a system or a person refers to one that is there."""
    systems, people = {item.name for item in label.systems}, {item.id for item in label.people}
    for pointer, item in _referring(label):
        system, person = getattr(item, "system", UNSET), getattr(item, "person", UNSET)
        if system is not UNSET and system not in systems:
            yield Fault(
                at=f"{pointer}/system", message="no such system in this label", hint=_did_you_mean(system, systems)
            )
        if person is not UNSET and person not in people:
            yield Fault(
                at=f"{pointer}/person", message="no such person in this label", hint=_did_you_mean(person, people)
            )
    writer = label.prompt.writer if label.prompt is not UNSET else UNSET
    if writer is not UNSET and writer not in people:
        yield Fault(at="/prompt/writer", message="no such person in this label", hint=_did_you_mean(writer, people))
    for field, names in (("systems", [item.name for item in label.systems]), ("people", [p.id for p in label.people])):
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Fault(at=f"/{field}/{index}", message=f"{printable(name)} stands twice", hint="name each once")


def _referring(label: Label) -> Iterator[tuple[str, Any]]:
    for field in ("contributions", "operations", "likeness"):
        for index, item in enumerate(getattr(label, field)):
            yield f"/{field}/{index}", item


def _did_you_mean(word: str, terms: set[str]) -> str:
    near = nearest(word, sorted(terms))
    return f"did you mean {near}?" if near else "add it, or leave the reference away"


def _spans(label: Label) -> Iterator[Fault]:
    for index, item in enumerate(label.contributions):
        if item.span is not UNSET and item.span.end <= item.span.start:
            yield Fault(
                at=f"/contributions/{index}/span", message="ends before it starts", hint="end must be after start"
            )


def _beyond_the_end(label: Label, seconds: float) -> Iterator[Fault]:
    for index, item in enumerate(label.contributions):
        if item.span is not UNSET and item.span.end > seconds + 0.5:  # encoders pad the last frame
            yield Fault(
                at=f"/contributions/{index}/span/end",
                message=f"lies after the end of the sound, which is {seconds:.1f} s long",
                hint="give seconds from the beginning of this very file",
            )


def _regions(label: Label) -> Iterator[Fault]:
    for index, item in enumerate(label.contributions):
        if item.region is not UNSET:
            for what in _region_faults(item.region):
                yield Fault(at=f"/contributions/{index}/region", message=what, hint=_REGION)


_REGION = 'such as region = { shape = "rectangle", x = 0, y = 0, width = 100, height = 40 }'


def _region_faults(region: Region) -> Iterator[str]:
    needed = {"rectangle": ("x", "y", "width", "height"), "circle": ("x", "y", "width"), "polygon": ()}
    missing = [name for name in needed[region.shape] if getattr(region, name) is UNSET]
    if missing:
        yield f"a {region.shape} needs {', '.join(missing)}"
    if region.shape == "polygon" and len(region.points) < 3:
        yield "a polygon needs three points or more"
    sizes = [getattr(region, name) for name in ("x", "y", "width", "height")]
    sizes += [value for point in region.points for value in (point.x, point.y)]
    if region.unit == "percent" and any(size is not UNSET and size > 100 for size in sizes):
        yield "more than 100 percent"


def _times(label: Label) -> Iterator[Fault]:
    start, end = _moment(label.event_time), _moment(label.event_end)
    if label.event_end is not UNSET and label.event_time is UNSET:
        yield Fault(at="/event_end", message="an end without a beginning", hint="add event_time")
    if start and end and end < start:
        yield Fault(at="/event_end", message="ends before it begins", hint="event_end must be after event_time")
    now = dt.datetime.now(dt.timezone.utc)
    for field, stated in (("event_time", start), ("event_end", end)):
        if stated and stated > now + dt.timedelta(days=1):
            yield Fault(at=f"/{field}", message="lies in the future", hint="check the year", level="warning")


def _moment(text: Any) -> dt.datetime | None:
    return None if text is UNSET else moment(text)


def _ddex(label: Label) -> Iterator[Fault]:
    """DDEX ERN 4.3.2: ``AiContribution`` fits its contributor, and ``ContainsAI`` fits all of them."""
    for index, item in enumerate(label.contributions):
        if item.by == "human" and item.extent == "All":
            yield Fault(
                at=f"/contributions/{index}/extent",
                message="a part that AI made entirely has no human contributor",
                hint="by = ai, or extent Partly or None",
            )
        if item.by == "ai" and item.extent == "None":
            yield Fault(
                at=f"/contributions/{index}/extent",
                message="an AI contributor that made nothing",
                hint="by = human, or extent All or Partly",
            )
    contains = KINDS[label.kind].contains_ai
    counted = [(index, item) for index, item in enumerate(label.contributions) if not is_technical(item, label)]
    if contains == "All":
        odd = [index for index, item in counted if item.extent != "All"]
        message, hint = f"{label.kind} leaves no part to people", "kind = ai_partly_created, or extent All"
    elif contains == "None":
        odd = [index for index, item in counted if item.extent != "None"]
        message, hint = f"{label.kind} leaves no part to AI", "kind = ai_partly_created or ai_modified, or extent None"
    else:
        odd, message, hint = [], "", ""
    yield from (Fault(at=f"/contributions/{index}/extent", message=message, hint=hint) for index in odd)
    if contains == "Partly" and counted and all(item.extent == "None" for _, item in counted):
        yield Fault(
            at="/kind", message=f"{label.kind}, and no part has AI in it", hint="kind = human_made, or add the part"
        )
    if contains == "Partly" and counted and all(item.part == "whole" and item.extent == "All" for _, item in counted):
        yield Fault(at="/kind", message=f"{label.kind}, and the whole is by AI", hint="kind = ai_generated")


def _not_ai(label: Label) -> Iterator[Fault]:
    """What is said of parts is checked by what DDEX asks of them, and systems with their kinds."""
    for pointer, words in ai_in(label) if label.kind in NOT_AI else ():
        if pointer.startswith(("/operations", "/likeness")):
            yield Fault(at=pointer, message=f"{label.kind}, and {words}", hint="another kind, or leave it out")


def _systems(label: Label) -> Iterator[Fault]:
    if label.kind == "human_made" and label.systems:
        yield Fault(at="/systems", message="human_made, and an AI system took part", hint="another kind, or no systems")
    if label.kind in AI_KINDS and not label.systems:
        yield Fault(at="/systems", message="AI took part, and no system is named", hint="add systems", level="warning")
    if label.kind == "ai_modified" and label.origin == "created":
        yield Fault(at="/origin", message="ai_modified alters a work", hint="origin = altered", fix="altered")
    paired = KINDS[label.kind].oversight
    if label.oversight is not UNSET and paired and label.oversight not in paired:
        yield Fault(
            at="/oversight",
            message=f"C2PA pairs {label.kind} with {' or '.join(sorted(paired))}",
            hint="it stays in the label and is left out of c2pa.ai-disclosure",
            level="warning",
        )


def _operations(label: Label) -> Iterator[Fault]:
    for pointer, words in added_in(label):
        yield Fault(
            at=pointer,
            message=f"{label.kind} says that nothing was generated, and {words}",
            hint="kind = ai_modified, if what was added is new",
            level="warning",
        )
    by_people = bool(label.operations) and all(item.by == "human" for item in label.operations)
    if label.kind == "ai_modified" and by_people and not any(ai_in(label)):
        words = "ai_modified, and every operation is by people"
        yield Fault(at="/operations", message=words, hint="add what AI did, with by = ai", level="warning")
    for index, item in enumerate(label.operations):
        if item.operation == "translated" and UNSET in (item.source_language, item.target_language):
            yield Fault(
                at=f"/operations/{index}",
                message="a translation without its two languages",
                hint="add source_language and target_language, such as de and en",
            )
        if item.by is UNSET and item.operation not in NO_SOURCE_NEEDED and label.kind in AI_KINDS:
            yield Fault(
                at=f"/operations/{index}/by",
                message="who did it is not said, so readers are told that AI may have done it",
                hint="add by = human or by = ai",
                level="warning",
            )


def _likeness(label: Label) -> Iterator[Fault]:
    for index, item in enumerate(label.likeness):
        if item.synthetic and item.real_person and item.consent is UNSET:
            yield Fault(
                at=f"/likeness/{index}/consent",
                message="a real person's voice or image made by AI, without a consent",
                hint="add the reference of the consent",
            )


# Annex E j of GB 45438-2025: values mainly consist of these; the backslash is the one of ASCII that is left out.
_MAINLY = re.compile(r"[\x21-\x5b\x5d-\x7e]*")


def _china(label: Label) -> Iterator[Fault]:
    if label.china is UNSET:
        return
    codes = {name: value for name, value in msgspec.structs.asdict(label.china).items() if value is not UNSET}
    for name, value in codes.items():
        if not _MAINLY.fullmatch(value):
            yield Fault(
                at=f"/china/{name}",
                message="has a space, a backslash or letters beside ASCII; of the AIGC object most should be others",
                hint="a name may have them (GB 45438-2025 Annex E j); a code or number is safer without",
                level="warning",
            )
    if ("propagator" in codes) != ("propagate_id" in codes):
        yield Fault(
            at="/china",
            message="a distributor and their number stand together",
            hint="state propagator and propagate_id, or neither: then the AIGC object repeats the producer",
            level="warning",
        )


def _deep_fake_of_no_ai(label: Label) -> Iterator[Fault]:
    """A deep fake is generated or manipulated by AI (EU AI Act Art. 3(60))."""
    if label.kind in NOT_AI and label.judgements is not UNSET and label.judgements.deep_fake is True:
        yield Fault(
            at="/judgements/deep_fake",
            message=f"{label.kind}, and a deep fake, which AI generates or manipulates",
            hint="another kind, or leave it out",
            level="warning",
        )


def _deep_fake(label: Label) -> Iterator[Fault]:
    """Invented voices and persons count as well, if they could exist (Guidelines on Art. 50 AI Act, 20 July 2026)."""
    denied = label.judgements is not UNSET and label.judgements.deep_fake is False
    shown = [item for item in label.likeness if denied and item.synthetic]
    if shown:
        who = "a real person" if all(item.real_person for item in shown) else "an invented voice or person"
        yield Fault(
            at="/judgements/deep_fake",
            message=f"{who}, made by AI, is a deep fake too, if people could take it for a real one",
            hint="deep_fake = true; false only where nobody would take it for real, as with a cartoon",
            level="warning",
        )


def _carriers(label: Label) -> Iterator[Fault]:
    if label.carriers:
        yield Fault(
            at="/carriers",
            message="provlabel writes this itself when it signs",
            hint="leave it out; --carriers chooses what is written",
            level="warning",
        )


_PERSONAL_DATA = (
    ("an e-mail address", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")),
    ("a telephone number", re.compile(r"(?<![\w.-])\+?\d{1,3}[ /-]\(?\d{2,5}\)?[ /-]\d{3,}[\d -]*(?![\w.-])")),
)
_SECRETS = re.compile(
    r"AKIA[0-9A-Z]{16}|\bsk-[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY|"
    r"\beyJ[\w-]{10,}\.[\w-]{10,}|\b(?:password|passwd|secret|api[_-]?key|token)\s*[:=]\s*\S{6,}",
    re.IGNORECASE,
)


def _privacy(label: Label) -> Iterator[Fault]:
    names = {person.name for person in label.people if person.name is not UNSET}
    for pointer, text in _system_texts(msgspec.to_builtins(label), ()):
        for what, pattern in _PERSONAL_DATA:
            if pattern.search(text):
                yield Fault(at=pointer, message=f"{what} in a field that is always signed", hint="leave it out")
        for name in names:
            if name in text:
                yield Fault(
                    at=pointer,
                    message="the name of a person in a field that is always signed",
                    hint="refer to the person by id",
                    level="warning",
                )
    prompt = label.prompt.text if label.prompt is not UNSET else UNSET
    if prompt is not UNSET and _SECRETS.search(prompt):
        yield Fault(at="/prompt/text", message="looks like it holds a password or key", hint="remove it")


def _system_texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield every text of a system field, with its place."""
    generic = tuple("*" if part.isdigit() else part for part in path)
    if generic in PERSONAL:
        return
    if isinstance(value, str):
        yield "".join(f"/{pointer_part(part)}" for part in path), value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _system_texts(item, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _system_texts(item, (*path, str(index)))


_CHECKS: tuple[Callable[[Label], Iterator[Fault]], ...] = (
    _identifiers,
    _references,
    _spans,
    _regions,
    _times,
    _ddex,
    _not_ai,
    _systems,
    _operations,
    _likeness,
    _deep_fake_of_no_ai,
    _deep_fake,
    _china,
    _carriers,
    _privacy,
)
